import { randomBytes } from 'node:crypto';
import { isObject } from '../json-object.js';
import type { BodyForm } from './operation-body.js';
import { BadArgument, OF_FORMS, queryText } from './write-value.js';

export interface WrittenBody {
  readonly text: string;
  readonly contentType: string;
}

/** An argument as the body of a request. Throws BadArgument. */
export function writeBody(value: unknown, form: BodyForm): WrittenBody {
  switch (form.kind) {
    case 'json':
      return { text: JSON.stringify(value), contentType: form.contentType };
    case 'text':
      return { text: plain(value), contentType: form.contentType };
    case 'form':
      return { text: formText(fieldsOf(value), form), contentType: form.contentType };
    case 'multipart':
      return multipart(fieldsOf(value), form);
  }
}

const plain = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

function fieldsOf(value: unknown): [string, unknown][] {
  if (!isObject(value)) throw new BadArgument('"body" must be an object: it is sent as a form');
  return Object.entries(value).filter(([, one]) => one !== undefined && one !== null);
}

function formText(fields: readonly [string, unknown][], { styles }: BodyForm): string {
  return fields
    .map(([name, value]) => {
      const style = styles.get(name);
      // A form has no word for an object within.
      return queryText(name, value, style ?? (isObject(value) ? { ...OF_FORMS, json: true } : OF_FORMS));
    })
    .filter((one) => one !== '')
    .join('&')
    .replaceAll('%20', '+');
}

/** Files are texts here: JSON, which arguments are, has no bytes. */
function multipart(fields: readonly [string, unknown][], { contentType, partTypes }: BodyForm): WrittenBody {
  const boundary = `headgate-${randomBytes(16).toString('hex')}`;
  const parts = fields.flatMap(([name, value]) => {
    const values = Array.isArray(value) ? value : [value];
    const type = partTypes.get(name);
    return values.map((one) => {
      const isText = typeof one !== 'object';
      const said = type ?? (isText ? null : 'application/json');
      const quoted = name.replace(/[\r\n"]/g, (char) => encodeURIComponent(char));
      const file = type === undefined ? '' : `; filename="${quoted}"`;
      const head = `content-disposition: form-data; name="${quoted}"${file}`;
      return `--${boundary}\r\n${head}\r\n${said === null ? '' : `content-type: ${said}\r\n`}\r\n${isText ? String(one) : plain(one)}\r\n`;
    });
  });
  return {
    text: `${parts.join('')}--${boundary}--\r\n`,
    contentType: `${contentType}; boundary=${boundary}`,
  };
}
