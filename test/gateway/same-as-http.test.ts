import { request as httpRequest } from 'node:http';
import { definePlugin, reply } from '@headgate/sdk';
import { afterAll, beforeEach, expect, it } from 'vitest';
import { chatBody, messageBody } from '../e2e/http-client.js';
import { startOpenAi } from '../fakes/openai.js';
import type { Behaviour } from '../fakes/provider.js';
import { behind, embed } from './embedded.js';

const ADMIN = 'admin-token-0123456789';
const KEY = 'hg-same-key-0123456789';
const openai = await startOpenAi();
const gateway = await embed({
  config: {
    admin: { token: ADMIN },
    server: { body_limit: '64kb', max_headers: 20 },
    providers: behind(openai),
    keys: [{ name: 'one', value: KEY, models: ['mock/*', 'openai/*'] }],
  },
  plugins: [
    definePlugin({
      name: 'routes',
      version: '1.0.0',
      setup(host) {
        host.route('POST', '/echo', ({ body, query, headers }) =>
          reply.json(201, { body: Buffer.from(body).toString(), query, kind: headers.get('X-Kind') ?? null }),
        );
        host.route('GET', '/fails', () => {
          throw new Error('inside');
        });
        host.route('GET', '/refuses', () => reply.error('permission', 'no_entry', 'No entry.'));
      },
    }),
  ],
});
const url = await gateway.listen();

beforeEach(() => openai.reset());
afterAll(async () => {
  await gateway.close();
  await openai.close();
});

interface Ask {
  method: string;
  path: string;
  headers?: Record<string, string>;
  body?: string;
}
interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

async function overHttp({ method, path, headers = {}, body }: Ask): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(`${url}${path}`, { method, headers, agent: false });
    request.on('error', reject);
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: Object.fromEntries(
            Object.entries(response.headers).map(([name, value]) => [name, String(value)]),
          ),
          body: Buffer.concat(chunks).toString(),
        }),
      );
    });
    request.end(body);
  });
}

async function inProcess({ method, path, headers = {}, body }: Ask): Promise<Answer> {
  const response = await gateway.fetch(path, { method, headers, ...(body !== undefined && { body }) });
  return {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    body: await response.text(),
  };
}

/** Headers of a connection, which a call in the process has none of. */
const ofTheConnection = new Set([
  'connection',
  'content-length',
  'date',
  'keep-alive',
  'transfer-encoding',
  'uwebsockets',
]);

/** Without what differs from one request to the next. */
function comparable({ status, headers, body }: Answer): Answer {
  const kept = Object.entries(headers)
    .filter(([name]) => !ofTheConnection.has(name))
    .map(([name, value]) => [name, /request-id$|overhead-us$/.test(name) ? '…' : value]);
  return {
    status,
    headers: Object.fromEntries(kept.sort()),
    body: body
      .replaceAll(/req_[0-9a-z]+|chatcmpl-\w+|msg_\w+/g, 'ID')
      .replaceAll(/"created": ?\d+/g, '"created":0'),
  };
}

const as = (token: string, more: Record<string, string> = {}) => ({
  authorization: `Bearer ${token}`,
  ...more,
});
const post = (path: string, body: object | string, headers: Record<string, string> = as(KEY)): Ask => ({
  method: 'POST',
  path,
  headers: { 'content-type': 'application/json', ...headers },
  body: typeof body === 'string' ? body : JSON.stringify(body),
});
const get = (path: string, headers: Record<string, string> = as(KEY)): Ask => ({
  method: 'GET',
  path,
  headers,
});
const chat = '/v1/chat/completions';

const cases: [name: string, ask: Ask, behaviour?: Behaviour][] = [
  ['a whole answer', post(chat, chatBody('openai/gpt-4o'))],
  ['a stream', post(chat, chatBody('openai/gpt-4o', { stream: true }))],
  ['a translated answer', post('/v1/messages', messageBody('openai/gpt-4o'))],
  ['a translated stream', post('/v1/messages', messageBody('openai/gpt-4o', { stream: true }))],
  [
    'embeddings below a prefix',
    post('/openai/v1/embeddings', { model: 'openai/text-embedding-3-small', input: 'x' }),
  ],
  ['counted tokens', post('/v1/messages/count_tokens', messageBody('openai/gpt-4o'))],
  ["a provider's refusal", post(chat, chatBody('openai/gpt-4o')), { status: 400 }],
  [
    'a stream that breaks off',
    post(chat, chatBody('openai/gpt-4o', { stream: true })),
    { cutAfterEvents: 2 },
  ],
  ['broken JSON', post(chat, '{')],
  ['an empty body', { method: 'POST', path: chat, headers: as(KEY) }],
  ['too large a body', post(chat, 'x'.repeat(70_000))],
  ['no key', post(chat, chatBody('mock/hello'), {})],
  ['no key for Anthropic', post('/v1/messages', messageBody('mock/hello'), {})],
  ['a model that may not be used', post(chat, chatBody('groq/x'))],
  [
    'too many headers',
    post(
      chat,
      chatBody('mock/hello'),
      as(KEY, Object.fromEntries(Array.from({ length: 25 }, (_, i) => [`x-${i}`, '1']))),
    ),
  ],
  ['GET of a path for POST', get(chat)],
  ['HEAD of a path for POST', { method: 'HEAD', path: chat }],
  ['PUT of a path for POST', { method: 'PUT', path: '/v1/messages', body: '{}' }],
  ['OPTIONS of a path for POST', { method: 'OPTIONS', path: chat }],
  ['OPTIONS of another path', { method: 'OPTIONS', path: '/nothing' }],
  ['nothing', get('/nothing?x=1')],
  ['HEAD of nothing', { method: 'HEAD', path: '/nothing' }],
  ['nothing of Anthropic', get('/anthropic/nothing')],
  ['a path with a slash too many', post(`${chat}/`, chatBody('mock/hello'))],
  ['the models', get('/v1/models')],
  [
    'the models of Anthropic',
    get('/v1/models?limit=1', { 'x-api-key': KEY, 'anthropic-version': '2023-06-01' }),
  ],
  ['HEAD of the models', { method: 'HEAD', path: '/v1/models', headers: as(KEY) }],
  ['the models without a key', get('/v1/models', {})],
  ['one model', get('/v1/models/mock%2Fhello')],
  ['no such model', get('/v1/models/nothing')],
  ['POST of the models', post('/v1/models', {})],
  ['liveness', get('/health/live', {})],
  ['HEAD of liveness', { method: 'HEAD', path: '/health/live' }],
  ['POST of liveness', post('/health/live', {})],
  ['readiness', get('/health/ready', {})],
  ['usage without the token', get('/api/usage', {})],
  ['usage of nobody', get('/api/usage?customer=nobody', as(ADMIN))],
  ['usage with a wrong question', get('/api/usage?group_by=colour', as(ADMIN))],
  ['HEAD of usage', { method: 'HEAD', path: '/api/usage', headers: as(ADMIN) }],
  ['nothing below /api', get('/api/nothing', as(ADMIN))],
  ['POST below /api', post('/api/usage', {}, as(ADMIN))],
  ['metrics without the token', get('/metrics', {})],
  ["a plugin's route", post('/plugins/routes/echo?a=b%20c', '{"x":1}', { 'x-kind': 'kind' })],
  ["too much for a plugin's route", post('/plugins/routes/echo', 'x'.repeat(70_000))],
  ["a plugin's route that fails", get('/plugins/routes/fails')],
  ["a plugin's route that refuses", get('/plugins/routes/refuses')],
  ['no such route of a plugin', get('/plugins/routes/nothing')],
  ["OPTIONS of a plugin's route", { method: 'OPTIONS', path: '/plugins/routes/echo' }],
];

it.each(cases)('fetch answers as the port does: %s', async (_, ask, behaviour = {}) => {
  const answers: Answer[] = [];
  for (const send of [overHttp, inProcess]) {
    openai.reset();
    openai.next(behaviour);
    answers.push(comparable(await send(ask)));
  }
  const [http, direct] = answers;
  expect(direct).toEqual(http);
});

it('fetch has the metrics that the port has', async () => {
  const names = (text: string): string[] => [...new Set(text.match(/^headgate_\w+/gm))].sort();
  const ask = get('/metrics', as(ADMIN));
  expect(names((await inProcess(ask)).body)).toEqual(names((await overHttp(ask)).body));
});
