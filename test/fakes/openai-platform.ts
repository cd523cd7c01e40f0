import type { Reply } from './delivery.js';
import { formFields } from './form-fields.js';
import { type Json, parseObject, Refused } from './json-value.js';
import { openaiError } from './openai-errors.js';
import { type Behaviour, type FakeProvider, startProvider } from './provider.js';
import type { Received } from './received.js';

/** Bytes that are no text in any encoding. */
export const NOISE = Buffer.from(Array.from({ length: 4096 }, (_, i) => (i * 31 + (i >> 3)) & 0xff));

const JSON_TYPE = { 'content-type': 'application/json' };

/** What one account of the fake has. */
interface Account {
  files: Map<string, { object: Json; content: Buffer }>;
  others: Map<string, Json>;
}

/**
 * The paths of OpenAI's API beside the models' own, as its API reference documents them. Each API key is an account of its
 * own, which knows nothing of the others' objects. `name` becomes part of all ids.
 */
export function startOpenAiPlatform(name: string): Promise<FakeProvider> {
  const accounts = new Map<string, Account>();
  let made = 0;
  const respond = (request: Received, behaviour: Behaviour, number: number): Reply => {
    const headers = { ...JSON_TYPE, 'x-request-id': `req_${name}_${number}`, ...behaviour.headers };
    if (behaviour.body !== undefined)
      return { status: behaviour.status ?? 200, headers, body: behaviour.body };
    if (behaviour.events !== undefined)
      return {
        status: 200,
        headers: { ...headers, 'content-type': 'text/event-stream' },
        body: { events: behaviour.events, terminator: '' },
      };
    if (behaviour.status !== undefined)
      return {
        status: behaviour.status,
        headers,
        body: JSON.stringify(openaiError(behaviour.status, behaviour.error ?? {}, request.key, 'x')),
      };
    const account = accounts.get(request.key) ?? { files: new Map(), others: new Map() };
    accounts.set(request.key, account);
    try {
      const found = route(request, account, (kind) => `${kind}${name}${++made}aBcD`);
      if (Buffer.isBuffer(found))
        return { status: 200, headers: { ...headers, 'content-type': 'audio/mpeg' }, body: found };
      return { status: 200, headers, body: JSON.stringify(found) };
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const told = { message: error.message, type: 'invalid_request_error', param: null, code: null };
      return { status: error.status, headers, body: JSON.stringify({ error: told }) };
    }
  };
  return startProvider(respond);
}

function route(request: Received, account: Account, id: (kind: string) => string): Json | Buffer {
  const [path = ''] = request.url.split('?');
  const { method } = request;
  const [, version, what = '', one, more] = path.split('/');
  if (version !== 'v1') throw new Refused(404, `Invalid URL (${method} ${path})`);
  if (request.key === '') throw new Refused(401, "You didn't provide an API key.");
  const body = (): Json => parseObject(request.body) ?? {};
  const form = () => formFields(request.body, request.headers['content-type'] ?? '');
  const text = (name: string): string | undefined =>
    form()
      .find((field) => field.name === name)
      ?.value.toString('utf8');
  switch (
    `${what}${one === undefined ? '' : what === 'images' || what === 'audio' || what === 'fine_tuning' ? `/${one}` : '/{id}'}`
  ) {
    case 'files':
      return method === 'POST'
        ? createFile(form(), account, id('file-'))
        : list([...account.files.values()].map((file) => file.object));
    case 'files/{id}': {
      const file = account.files.get(one ?? '');
      if (file === undefined) throw new Refused(404, `No such File object: ${one}`);
      if (more === 'content') return file.content;
      if (method !== 'DELETE') return file.object;
      account.files.delete(one ?? '');
      return { id: one, object: 'file', deleted: true };
    }
    case 'batches': {
      if (method === 'GET')
        return list([...account.others.values()].filter(({ object }) => object === 'batch'));
      const input = String(body()['input_file_id']);
      if (!account.files.has(input)) throw new Refused(400, `The file ${input} cannot be found.`);
      return keep(account, { id: id('batch_'), object: 'batch', input_file_id: input, status: 'validating' });
    }
    case 'vector_stores':
      return keep(account, { id: id('vs_'), object: 'vector_store', name: body()['name'] });
    case 'containers':
      return keep(account, { id: id('cntr_'), object: 'container', name: body()['name'], status: 'running' });
    case 'conversations':
      return keep(account, { id: id('conv_'), object: 'conversation', metadata: {} });
    case 'batches/{id}':
    case 'vector_stores/{id}':
    case 'containers/{id}':
    case 'conversations/{id}': {
      const found = account.others.get(one ?? '');
      if (found === undefined) throw new Refused(404, `No ${what} with id '${one}' found.`);
      if (method === 'DELETE')
        return { id: one, object: `${String(found['object'])}.deleted`, deleted: true };
      return more === 'cancel' ? { ...found, status: 'cancelling' } : found;
    }
    case 'moderations':
      return {
        id: id('modr-'),
        model: body()['model'],
        results: [{ flagged: false, categories: {}, category_scores: {} }],
      };
    case 'images/generations':
      return { created: 1, data: [{ b64_json: 'AAAA' }], model: body()['model'], usage: imageUsage };
    case 'images/edits':
      return {
        created: 2,
        data: [{ b64_json: 'BBBB' }],
        prompt: text('prompt'),
        model: text('model'),
        usage: imageUsage,
      };
    case 'audio/speech':
      return NOISE;
    case 'audio/transcriptions':
      return {
        text: `${form().find(({ name }) => name === 'file')?.value.length ?? 0} bytes`,
        model: text('model'),
        usage: { type: 'tokens', input_tokens: 14, output_tokens: 45, total_tokens: 59 },
      };
    case 'fine_tuning/jobs':
      return list([{ id: id('ftjob-'), object: 'fine_tuning.job', asked: request.url }]);
    default:
      throw new Refused(404, `Invalid URL (${method} ${path})`);
  }
}

const imageUsage: Json = {
  input_tokens: 50,
  output_tokens: 4160,
  total_tokens: 4210,
  input_tokens_details: { text_tokens: 10, image_tokens: 40 },
};

function createFile(fields: ReturnType<typeof formFields>, account: Account, id: string): Json {
  const file = fields.find(({ name }) => name === 'file');
  const purpose = fields.find(({ name }) => name === 'purpose')?.value.toString('utf8');
  if (file === undefined || purpose === undefined)
    throw new Refused(400, "'file' and 'purpose' are required");
  const object = {
    id,
    object: 'file',
    bytes: file.value.length,
    created_at: 1_700_000_000,
    filename: file.filename,
    purpose,
    status: 'processed',
  };
  account.files.set(id, { object, content: file.value });
  return object;
}

function keep(account: Account, object: Json): Json {
  account.others.set(String(object['id']), object);
  return object;
}

function list(data: Json[]): Json {
  return {
    object: 'list',
    data,
    first_id: data[0]?.['id'] ?? null,
    last_id: data.at(-1)?.['id'] ?? null,
    has_more: false,
  };
}
