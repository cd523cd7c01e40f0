import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { definePlugin, type SettledRecord } from '@headgate/sdk';
import { afterAll, describe, expect, it } from 'vitest';
import { embed, json } from './embedded.js';

// Providers, and what stands before them, answer what no documentation shows. Whoever asked gets an answer or one clear error in
// the words of the API that was asked, never half an answer and never somebody else's format.

type Answer = (response: ServerResponse) => unknown;
let answer: Answer = (response) => response.end();
let asked = 0;
const server = createServer((request, response) => {
  asked++;
  request.resume();
  request.on('end', () => answer(response));
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

const targets = {
  chat: 'chat/gpt-4o',
  responses: 'responses/gpt-4o',
  anthropic: 'anthropic/claude-sonnet-4-5',
  gemini: 'gemini/gemini-2.5-flash',
  bedrock: 'bedrock/us.anthropic.claude-sonnet-4-5-20250929-v1:0',
  cohere: 'cohere/command-a-03-2025',
  ollama: 'ollama/llama3.2',
};
const models = Object.keys(targets);
const key = { keys: [{ value: 'sk-fake-0123456789' }] };
const gemini = '/models/{model}:{generateContent|streamGenerateContent?alt=sse}';
const settled: SettledRecord[] = [];
const gateway = await embed({
  plugins: [
    definePlugin({
      name: 'records',
      version: '1.0.0',
      setup: () => ({ settled: (record) => void settled.push(record) }),
    }),
  ],
  config: {
    providers: {
      chat: { ...key, extends: 'openai', base_url: url, formats: { 'openai-chat': '/chat' } },
      responses: { ...key, extends: 'openai', base_url: url, formats: { 'openai-responses': '/responses' } },
      anthropic: { ...key, base_url: url },
      gemini: { ...key, base_url: url, formats: { gemini } },
      bedrock: {
        ...key,
        base_url: url,
        formats: { 'bedrock-converse': '/model/{model}/{converse|converse-stream}' },
      },
      cohere: { ...key, base_url: url, formats: { 'cohere-chat': '/v2/chat' } },
      ollama: { base_url: url, formats: { 'ollama-chat': '/api/chat' } },
      spare: { extends: 'mock' },
    },
    models: {
      ...Object.fromEntries(
        Object.entries(targets).map(([name, target]) => [
          name,
          { targets: [target], retries: { attempts: 1 } },
        ]),
      ),
      'chat-or-mock': { targets: [targets.chat, 'spare/hello'], retries: { attempts: 1 } },
      'anthropic-or-mock': { targets: [targets.anthropic, 'spare/hello'], retries: { attempts: 1 } },
    },
  },
});
afterAll(async () => {
  await gateway.close();
  server.closeAllConnections();
  server.close();
});

const messages = [{ role: 'user', content: 'Hi' }];
const clients: Record<string, (model: string, stream: boolean) => Promise<Response>> = {
  chat: (model, stream) => gateway.fetch('/v1/chat/completions', json({ model, stream, messages })),
  responses: (model, stream) =>
    gateway.fetch('/v1/responses', json({ model, stream, input: 'Hi', store: false })),
  anthropic: (model, stream) =>
    gateway.fetch('/v1/messages', json({ model, stream, max_tokens: 9, messages })),
  gemini: (model, stream) =>
    gateway.fetch(
      `/v1beta/models/${model}:${stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
      json({ contents: [{ role: 'user', parts: [{ text: 'Hi' }] }] }),
    ),
  ollama: (model, stream) => gateway.fetch('/api/chat', json({ model, stream, messages })),
};

/** What the SDKs of each API read of an error. */
const shapes: Record<string, unknown> = {
  chat: { error: { message: expect.any(String) } },
  responses: { error: { message: expect.any(String) } },
  anthropic: { error: { message: expect.any(String) } },
  gemini: { error: { message: expect.any(String) } },
  ollama: { error: expect.any(String) },
};

const HTML = '<!doctype html><html><body><h1>502 Bad Gateway</h1></body></html>';
const send =
  (type: string, body: string, status = 200): Answer =>
  (response) =>
    response.writeHead(status, type === '' ? {} : { 'content-type': type }).end(body);

const nonsense: [string, Answer, number?][] = [
  ['HTML instead of an answer', send('text/html', HTML)],
  ['HTML that says it is JSON', send('application/json', HTML)],
  ['HTML with its error', send('text/html', HTML, 502)],
  ['nothing at all', send('application/json', '')],
  ['words without a type', send('', 'ok')],
  ['JSON that breaks off', send('application/json', '{"id":"x","choices":[{"message":{"content":"Hal')],
  ['JSON that breaks off, without a type', send('', '{"id":"x","content":[{"type":"text","text":"Hal')],
  ['a list', send('application/json', '[1]')],
  ['null', send('application/json', 'null')],
  [
    'an error of OpenAI’s kind in a 200',
    send('application/json', '{"error":{"message":"come back","code":503}}'),
    503,
  ],
  [
    'an error of Anthropic’s kind in a 200',
    send('application/json', '{"type":"error","error":{"type":"api_error","message":"come back"}}'),
  ],
  ['an error of Ollama’s kind in a 200', send('application/json', '{"error":"come back"}')],
  ['an error of Cohere’s kind in a 200', send('application/json', '{"id":"1","message":"come back"}')],
  [
    'an error of Bedrock’s kind in a 200',
    send('application/json', '{"__type":"ThrottlingException","message":"come back"}'),
  ],
  ['429 without a body', send('', '', 429), 429],
  ['500 without a body', send('', '', 500), 500],
];

describe.each(Object.keys(clients))('a client of the API %s', (client) => {
  describe.each(nonsense)('whose provider sends %s', (_what, behaviour, status) => {
    it.each([false, true])('gets one clear error, from whatever provider (streamed: %s)', async (stream) => {
      answer = behaviour;
      for (const model of models) {
        const response = await clients[client]!(model, stream);
        const text = await response.text();
        expect(response.status, `${model}: ${text}`).toBeGreaterThanOrEqual(status ?? 500);
        expect(response.headers.get('content-type'), model).toContain('application/json');
        expect(JSON.parse(text), model).toMatchObject(shapes[client] as object);
        expect(text).not.toContain('<html');
      }
    });
  });
});

describe('an error in place of an answer', () => {
  it.each([
    ['a whole one', 'chat-or-mock', false, send('application/json', '{"error":{"message":"x","code":503}}')],
    [
      'a stream',
      'chat-or-mock',
      true,
      send('text/event-stream', 'data: {"error":{"message":"x","code":503}}\n\n'),
    ],
    [
      'a stream of another API',
      'anthropic-or-mock',
      true,
      send(
        'text/event-stream',
        'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n',
      ),
    ],
  ])('makes the next target answer: %s', async (_what, model, stream, behaviour) => {
    answer = behaviour;
    const before = asked;
    const response = await clients['chat']!(model, stream);
    expect(response.status).toBe(200);
    expect(response.headers.get('x-headgate-provider')).toBe('spare');
    expect(response.headers.get('x-headgate-attempts')).toBe('2');
    const text = await response.text();
    expect(text).toContain('Hello!');
    expect(text).not.toContain('"error"');
    expect(asked).toBe(before + 1);
    // Also where the error and the end of the stream came at once.
    expect(settled.at(-1)?.attempts).toMatchObject([
      { provider: model.split('-')[0], error: expect.stringMatching(/^http_5\d\d$/) },
      { provider: 'spare', status: 200, error: null },
    ]);
  });

  it('is passed on as the provider said it where nobody else can answer', async () => {
    const said = '{"error":{"message":"your account is empty","type":"insufficient_quota","code":402}}';
    answer = send('application/json', said);
    const response = await clients['chat']!('chat', false);
    expect(response.status).toBe(402);
    expect(await response.text()).toBe(said);
  });

  it('is not seen in a failed response, which is an answer of its API', async () => {
    const failed = {
      id: 'resp_1',
      object: 'response',
      status: 'failed',
      error: { code: 'x', message: 'y' },
      output: [],
    };
    answer = send('application/json', JSON.stringify(failed));
    const response = await gateway.fetch(
      '/v1/responses',
      json({ model: 'responses', input: 'Hi', store: false }),
    );
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ status: 'failed', error: { code: 'x' } });
  });
});

describe('a stream', () => {
  const chunk = (delta: object, finish: string | null = null) =>
    `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
  const tool = (args: string, index = 0, id?: string) =>
    chunk({
      tool_calls: [
        {
          index,
          ...(id && { id, type: 'function' }),
          function: { ...(id && { name: 'f' }), arguments: args },
        },
      ],
    });
  const bytes =
    (text: string, size: number): Answer =>
    async (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const all = Buffer.from(text);
      for (let at = 0; at < all.length; at += size) {
        response.write(all.subarray(at, at + size));
        if (at % (size * 16) === 0) await sleep(1);
      }
      response.end();
    };

  it('whose arguments are cut in an escape and in a character is put together again', async () => {
    const args = JSON.stringify({ city: 'Zürich "☀️"\n', path: 'a\\b' });
    const cut = [...args].map((piece, at) => tool(piece, 0, at === 0 ? 'call_1' : undefined)).join('');
    const text = `${cut}${chunk({}, 'tool_calls')}data: [DONE]\n\n`;
    for (const size of [1, 7]) {
      answer = bytes(text, size);
      const events = (await (await clients['anthropic']!('chat', true)).text())
        .split('\n')
        .filter((line) => line.startsWith('data: '));
      const got = events
        .map((line) => JSON.parse(line.slice(6)) as { delta?: { partial_json?: string } })
        .map(({ delta }) => delta?.partial_json ?? '')
        .join('');
      expect(JSON.parse(got)).toEqual(JSON.parse(args));
    }
  });

  it('that begins two calls under one index gives both, each with its own arguments', async () => {
    answer = send(
      'text/event-stream',
      `${tool('{"a":1}', 0, 'call_1')}${tool('{"b":2}', 0, 'call_2')}${chunk({}, 'tool_calls')}data: [DONE]\n\n`,
    );
    const text = await (await clients['anthropic']!('chat', true)).text();
    const starts = [...text.matchAll(/"type":"tool_use","id":"(call_\d)"/g)].map(([, id]) => id);
    expect(starts).toEqual(['call_1', 'call_2']);
    expect(text).toContain('{\\"a\\":1}');
    expect(text).toContain('{\\"b\\":2}');
  });

  it.each([
    [
      'an end before its beginning',
      'event: content_block_stop\ndata: {"type":"content_block_stop","index":0}\n\n',
    ],
    [
      'a delta of a block that was never begun',
      'event: content_block_delta\ndata: {"type":"content_block_delta","index":3,"delta":{"type":"text_delta","text":"x"}}\n\n',
    ],
    ['only its end marker', 'event: message_stop\ndata: {"type":"message_stop"}\n\n'],
  ])('with %s is no silent success', async (_what, text) => {
    answer = send('text/event-stream', text);
    const response = await clients['chat']!('anthropic', true);
    const got = await response.text();
    expect(response.status === 200 ? got : `data: ${got}`).toContain('"error"');
  });
});
