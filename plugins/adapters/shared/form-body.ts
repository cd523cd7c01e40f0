import { randomBytes } from 'node:crypto';
import type { CallFile, ProviderAsk } from '@headgate/sdk';

/** A multipart form; what is undefined is left out. Files pass from where they wait. */
export function formBody(
  fields: readonly (readonly [name: string, value: string | CallFile | undefined])[],
): Pick<ProviderAsk, 'body'> & { contentType: string } {
  const boundary = `headgate-${randomBytes(16).toString('hex')}`;
  const body: (Buffer | CallFile)[] = [];
  for (const [name, value] of fields) {
    if (value === undefined) continue;
    const head = `--${boundary}\r\ncontent-disposition: form-data; name="${name}"`;
    if (typeof value === 'string') body.push(Buffer.from(`${head}\r\n\r\n${value}\r\n`));
    else {
      const named = `; filename="${quoted(value.name === '' ? 'file' : value.name)}"`;
      body.push(Buffer.from(`${head}${named}\r\ncontent-type: ${value.contentType}\r\n\r\n`));
      body.push(value, Buffer.from('\r\n'));
    }
  }
  body.push(Buffer.from(`--${boundary}--\r\n`));
  return { body, contentType: `multipart/form-data; boundary=${boundary}` };
}

function quoted(name: string): string {
  return name.replace(/[\r\n]/g, ' ').replaceAll('"', '%22');
}
