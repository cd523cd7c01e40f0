import { createHmac } from 'node:crypto';
import type { SettledDetail, SinkRow } from '@headgate/sdk';
import { jsonLines, recordJson } from './record-json.js';
import { ownAddress } from './setting.js';

/** Any address that takes JSON, in the form that a template says. */
export const webhook: SinkRow = {
  id: 'webhook',
  title: 'Webhook',
  docs: 'https://www.rfc-editor.org/rfc/rfc9110#name-post',
  sends: 'http',
  settings: {
    url: ownAddress('where batches are posted'),
    headers: { type: 'texts', about: 'sent with every request, such as a key' },
    format: {
      type: 'text',
      about: '`array`: a list of records; `lines`: one a line; `each`: a request a batch of one',
      default: 'array',
      words: ['array', 'lines', 'each'],
    },
    template: {
      type: 'text',
      about:
        'JSON of what stands for a record, in which `{{name}}` is the value of that field, `{{metadata.name}}` of that field of metadata; a text that is nothing but that has its type. Left out: the record',
    },
    secret: {
      type: 'secret',
      about: 'signs each request: `x-headgate-signature` is `sha256=` and the HMAC-SHA-256 of its body',
    },
    gzip: { type: 'flag', about: 'compress what is sent', default: false },
  },
  batch: { records: 100 },
  open(values, host) {
    const format = values.text('format');
    const template = values.text('template') === '' ? null : (JSON.parse(values.text('template')) as unknown);
    const shape = (detail: SettledDetail): unknown =>
      template === null ? recordJson(detail) : filled(template, recordJson(detail));
    const post = async (body: string): Promise<ReturnType<typeof host.judge>> => {
      const headers: Record<string, string> = {
        'content-type': format === 'lines' ? 'application/x-ndjson' : 'application/json',
        ...values.texts('headers'),
      };
      const key = values.text('secret');
      if (key !== '')
        headers['x-headgate-signature'] = `sha256=${createHmac('sha256', key).update(body).digest('hex')}`;
      return host.judge(await host.post({ url: values.text('url'), headers, body }, values.flag('gzip')));
    };
    return {
      async send(details) {
        if (format === 'lines' && template === null) return post(jsonLines(details));
        if (format === 'lines') return post(details.map((one) => `${JSON.stringify(shape(one))}\n`).join(''));
        if (format === 'array') return post(JSON.stringify(details.map(shape)));
        for (const [i, detail] of details.entries()) {
          const verdict = await post(JSON.stringify(shape(detail)));
          if (verdict.kind === 'taken') continue;
          const left = details.map((_, place) => place).slice(verdict.kind === 'refused' ? i + 1 : i);
          if (verdict.kind === 'later') return { ...verdict, only: left };
          return left.length === 0
            ? { kind: 'taken', refused: 1, why: verdict.why }
            : { kind: 'later', why: verdict.why, only: left, refused: 1, afterMs: 100 };
        }
        return { kind: 'taken' };
      },
    };
  },
};

const WHOLE = /^\{\{([\w.-]+)\}\}$/;
const PART = /\{\{([\w.-]+)\}\}/g;

/** A template with the values of a record. */
function filled(template: unknown, record: Record<string, unknown>): unknown {
  if (typeof template === 'string') {
    const whole = WHOLE.exec(template)?.[1];
    if (whole !== undefined) return fieldOf(record, whole) ?? null;
    return template.replace(PART, (_, name: string) => {
      const value = fieldOf(record, name) ?? '';
      return typeof value === 'object' ? JSON.stringify(value) : String(value);
    });
  }
  if (Array.isArray(template)) return template.map((one) => filled(one, record));
  if (typeof template !== 'object' || template === null) return template;
  return Object.fromEntries(Object.entries(template).map(([name, one]) => [name, filled(one, record)]));
}

const METADATA = 'metadata.';

function fieldOf(record: Record<string, unknown>, name: string): unknown {
  if (!name.startsWith(METADATA)) return Object.hasOwn(record, name) ? record[name] : undefined;
  const metadata = record['metadata'] as Readonly<Record<string, string>>;
  const field = name.slice(METADATA.length);
  return Object.hasOwn(metadata, field) ? metadata[field] : undefined;
}
