import type { IncomingHttpHeaders } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, describe, expect, it } from 'vitest';
import { resolveKeyRules } from '../../core/config/entity.js';
import { storedKeySchema } from '../../core/config/sections/keys.js';
import { keyHash } from '../../core/identity/key-hash.js';
import { connect, Refused } from './client.js';
import { openaiSession } from './fake-openai.js';
import { startFakeRealtime } from './fake-realtime.js';
import { startThread } from './thread.js';
import { until } from './until.js';

const [ANNA, BERT] = ['hg-key-of-anna-0123456789', 'hg-key-of-bert-0123456789'];
const PROVIDER_KEYS = ['sk-provider-a-0123456789', 'sk-provider-b-0123456789'];
const SDP = 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n';

interface Asked {
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** The paths around calls over WebRTC, as OpenAI's API reference documents them. */
const asked: Asked[] = [];
/** The first of them fails. */
let hangUps = 0;
const fake = await startFakeRealtime({
  ...openaiSession(),
  async respond(request, response) {
    const { url = '', headers } = request;
    asked.push({ url, headers, body: await text(request) });
    if (url === '/v1/realtime/client_secrets') {
      const expires_at = Math.floor(Date.now() / 1000) + 60;
      const made = { value: `ek_${asked.length}`, expires_at, session: { model: 'gpt-realtime' } };
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(made));
    } else if (url.endsWith('/hangup')) {
      hangUps++;
      response.writeHead(hangUps === 1 ? 503 : 200).end();
    } else if (headers.authorization === 'Bearer ek_spent') response.writeHead(401).end('{}');
    else {
      const location = `/v1/realtime/calls/rtc_u1_${asked.length}`;
      response.writeHead(201, { 'content-type': 'application/sdp', location }).end(SDP.replace('1 1', '2 2'));
    }
  },
});
const openai = {
  base_url: `${fake.url}/v1`,
  keys: PROVIDER_KEYS.map((value, i) => ({ value, name: `key-${i}` })),
};
const thread = await startThread({
  auth: { required: true },
  providers: {
    openai: { base_url: 'http://127.0.0.1:9/v1', keys: [{ value: 'sk-other' }] },
    mine: { extends: 'openai', ...openai },
  },
  models: { voice: { targets: ['mine/gpt-realtime'] } },
  keys: [
    { name: 'anna', value: ANNA, models: ['voice'] },
    { name: 'bert', value: BERT },
  ],
});
afterAll(async () => {
  await thread.close();
  await fake.close();
});

const post = (path: string, key: string, type: string, body: string) =>
  fetch(thread.url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': type },
    body,
  });
const secretOf = async (session: object): Promise<string> => {
  const made = await post(
    '/v1/realtime/client_secrets',
    ANNA,
    'application/json',
    JSON.stringify({ session }),
  );
  expect(made.status).toBe(200);
  return ((await made.json()) as { value: string }).value;
};
const beside = (call: string, key: string) =>
  connect(thread, `/v1/realtime?call_id=${call}`, { headers: { authorization: `Bearer ${key}` } });

describe('a call over WebRTC', () => {
  it('is begun by a browser with a secret, and joined by its server', async () => {
    const secret = await secretOf({
      type: 'realtime',
      model: 'voice',
      audio: { output: { voice: 'marin' } },
    });
    // The session’s model is the provider’s own; nothing else is another.
    expect(asked.at(-1)?.body).toBe(
      '{"session":{"type":"realtime","model":"gpt-realtime","audio":{"output":{"voice":"marin"}}}}',
    );
    const maker = asked.at(-1)?.headers.authorization;

    const answer = await post('/v1/realtime/calls', secret, 'application/sdp', SDP);
    expect(answer.status).toBe(201);
    expect(answer.headers.get('content-type')).toBe('application/sdp');
    expect(await answer.text()).toContain('o=- 2 2');
    expect(asked.at(-1)).toMatchObject({ url: '/v1/realtime/calls', body: SDP });
    expect(asked.at(-1)?.headers).toMatchObject({
      authorization: `Bearer ${secret}`,
      'content-type': 'application/sdp',
    });

    const call = answer.headers.get('location')?.split('/').at(-1) ?? '';
    expect(call).toMatch(/^rtc_/);
    const server = await beside(call, ANNA);
    const upstream = await fake.connection(fake.connections.length);
    // It has its model, and the account that began it is the only one that knows it.
    expect(upstream.url).toBe(`/v1/realtime?call_id=${call}`);
    expect(upstream.headers.authorization).toBe(maker);
    server.send({ type: 'response.create' });
    await server.event('response.done');
    server.socket.close(1000);
    await until('it is settled', () => thread.records.some(({ status }) => status === 101));
    expect(thread.records.find(({ status }) => status === 101)).toMatchObject({
      keyName: 'anna',
      model: 'voice',
      provider: 'mine',
      usage: { inputTokens: 132, outputTokens: 121 },
    });
    await expect(beside(call, BERT)).rejects.toMatchObject({ status: 404 });
  });

  it('may be begun with the key itself', async () => {
    const answer = await post('/v1/realtime/calls?model=x', BERT, 'application/sdp', SDP).then(
      ({ status }) => status,
    );
    expect(answer).toBe(502);
    const headers = {
      authorization: `Bearer ${BERT}`,
      'content-type': 'application/sdp',
      'x-headgate-provider': 'mine',
    };
    const begun = await fetch(`${thread.url}/v1/realtime/calls`, { method: 'POST', headers, body: SDP });
    expect(begun.status).toBe(201);
    expect(PROVIDER_KEYS.map((key) => `Bearer ${key}`)).toContain(asked.at(-1)?.headers.authorization);
    const call = begun.headers.get('location')?.split('/').at(-1) ?? '';
    const server = await connect(thread, `/v1/realtime?call_id=${call}&model=voice`, {
      headers: { authorization: `Bearer ${BERT}` },
    });
    expect((await fake.connection(fake.connections.length)).url).toBe(`/v1/realtime?call_id=${call}`);
    server.socket.close(1000);
    await server.closed;
  });
});

describe('a call of a key of the store', () => {
  const SECRET = 'hg-stored-0123456789abcdef';
  const put = (secrets: readonly string[]): void => {
    const rules = JSON.stringify(resolveKeyRules('key_1', 'stored', storedKeySchema.parse({})));
    const hashes = secrets.map((secret) => ({ hash: keyHash('only-for-this-test', secret), untilMs: null }));
    thread.io.update({ keys: [{ id: 'key_1', rules, hashes }], keysExist: true });
  };

  it('is hung up at its provider, with the account that began it, when the key is revoked', async () => {
    put([SECRET]);
    const begin = (path: string) =>
      fetch(thread.url + path, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${SECRET}`,
          'content-type': 'application/sdp',
          'x-headgate-provider': 'mine',
        },
        body: SDP,
      });
    const begun = await begin('/v1/realtime/calls');
    expect(begun.status).toBe(201);
    const account = asked.at(-1)?.headers.authorization;
    const call = begun.headers.get('location') ?? '';
    // Another change of the key ends nothing, and neither does what happens to others.
    put([SECRET, 'hg-another-0123456789abcdef']);
    expect(asked.filter(({ url }) => url.endsWith('/hangup'))).toEqual([]);
    put([]);
    await until('it is hung up', () => hangUps === 2);
    const hung = asked.filter(({ url }) => url.endsWith('/hangup'));
    expect(hung.map(({ url, headers, body }) => [url, headers.authorization, body])).toEqual(
      Array(2).fill([`${call}/hangup`, account, '']),
    );
    // Once.
    put([]);
    thread.io.update({ goneKeys: ['key_1'] });
    expect((await begin('/v1/realtime/calls')).status).toBe(401);
    expect(hangUps).toBe(2);
  });
});

describe('a secret', () => {
  it('begins calls and nothing else', async () => {
    const secret = await secretOf({ type: 'realtime', model: 'voice' });
    const before = asked.length;
    for (const path of ['/v1/files', '/v1/realtime/client_secrets', '/passthrough/mine/v1/realtime/calls'])
      expect((await post(path, secret, 'application/json', '{}')).status, path).toBe(401);
    expect(asked).toHaveLength(before);
  });

  it('of a model that its key may not use is not made', async () => {
    const body = JSON.stringify({ session: { type: 'realtime', model: 'mine/gpt-other' } });
    expect((await post('/v1/realtime/client_secrets', ANNA, 'application/json', body)).status).toBe(403);
    const twice = '{"session":{"model":"voice","model":"other"}}';
    expect((await post('/v1/realtime/client_secrets', ANNA, 'application/json', twice)).status).toBe(400);
  });

  it('of a stranger is refused', async () => {
    expect((await post('/v1/realtime/calls', 'ek_unknown', 'application/sdp', SDP)).status).toBe(401);
    await expect(beside('rtc_unknown', ANNA)).rejects.toBeInstanceOf(Refused);
  });
});
