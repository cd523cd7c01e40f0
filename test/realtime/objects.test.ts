import OpenAI, { toFile } from 'openai';
import { afterAll, expect, it } from 'vitest';
import { startHeadgate, stopCleanly } from '../e2e/harness.js';
import { connect } from './client.js';
import { startFakeRealtime } from './fake-realtime.js';

// Requests over HTTP could not name another key's file, and the same request over a WebSocket could.

const ANNA = 'hg-key-of-anna-0123456789';
const BERT = 'hg-key-of-bert-0123456789';
const fake = await startFakeRealtime({
  respond(request, response) {
    request.resume().on('end', () => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end('{"id":"file-aBcD1234efgh","object":"file","filename":"a.pdf"}');
    });
  },
  answer(connection, event) {
    if (event['type'] === 'response.create')
      connection.send({ type: 'response.completed', response: { id: 'resp_1', output: [] } });
  },
});
const gateway = await startHeadgate({
  config: {
    providers: { openai: { base_url: `${fake.url}/v1`, keys: [{ value: 'sk-provider-0123456789' }] } },
    models: { smart: { targets: ['openai/gpt-5'] } },
    keys: [
      { name: 'anna', value: ANNA, passthrough: true },
      { name: 'bert', value: BERT },
    ],
  },
});
afterAll(async () => {
  await stopCleanly(gateway);
  await fake.close();
});
const anna = new OpenAI({ apiKey: ANNA, baseURL: `${gateway.url}/v1`, maxRetries: 0 });
const file = await anna.files.create({
  file: await toFile(Buffer.from('%PDF'), 'a.pdf'),
  purpose: 'user_data',
});

const session = (key: string) =>
  connect(gateway, '/v1/responses', { headers: { authorization: `Bearer ${key}` } });
const naming = (id: string, n: number): string =>
  JSON.stringify({
    type: 'response.create',
    model: 'smart',
    input: [
      {
        role: 'user',
        content: [
          { type: 'input_file', file_id: id },
          { type: 'input_text', text: `${n}` },
        ],
      },
    ],
  });

it('a message may name its own key’s file', async () => {
  const client = await session(ANNA);
  client.socket.send(naming(file.id, 1));
  await client.event('response.completed');
  client.socket.close(1000);
  await client.closed;
});

it('a message that names another key’s file is refused, and the session goes on in order', async () => {
  const client = await session(BERT);
  client.socket.send(naming('file-of-nobody-1', 1));
  client.socket.send(naming(file.id, 2));
  client.socket.send(naming('file-of-nobody-2', 3));
  client.socket.send(JSON.stringify({ type: 'response.create', model: 'smart', input: '4' }));
  expect(await client.event('error')).toMatchObject({ status: 404, error: { code: 'object_not_found' } });
  const connection = await fake.connection(fake.connections.length);
  const received = (await connection.messages(3)).map(
    (text) => /"(?:text|input)":"(\d)"/.exec(String(text))?.[1],
  );
  expect(received).toEqual(['1', '3', '4']);
  client.socket.close(1000);
  await client.closed;
});

it('a session at OpenAI’s own address below /openai is the same', async () => {
  const client = await connect(gateway, '/openai/v1/realtime?model=smart', {
    headers: { authorization: `Bearer ${ANNA}` },
  });
  const connection = await fake.connection(fake.connections.length);
  expect(connection.url).toBe('/v1/realtime?model=gpt-5');
  client.socket.close(1000);
  await client.closed;
});
