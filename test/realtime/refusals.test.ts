import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { freePort, startHeadgate, stopCleanly } from '../e2e/harness.js';
import { get } from '../e2e/http-client.js';
import { settled } from '../e2e/settled.js';
import { connect, refusal } from './client.js';
import { openaiSession } from './fake-openai.js';
import { startFakeRealtime } from './fake-realtime.js';

const KEY = 'hg-realtime-key-0123456789';
const PROVIDER_KEY = 'sk-provider-0123456789';
const bearer = { authorization: `Bearer ${KEY}` };

const first = await startFakeRealtime(openaiSession());
const second = await startFakeRealtime(openaiSession());
const provider = (url: string) => ({
  extends: 'openai',
  base_url: `${url}/v1`,
  keys: [{ value: PROVIDER_KEY }],
});
const gateway = await startHeadgate({
  config: {
    providers: {
      first: provider(first.url),
      second: provider(second.url),
      nowhere: provider(`http://127.0.0.1:${await freePort()}`),
      chatty: { ...provider(first.url), formats: { 'openai-chat': '/chat/completions' } },
    },
    models: {
      voice: { targets: ['first/gpt-realtime', 'second/gpt-realtime-mini'], retries: { attempts: 1 } },
      busy: { targets: ['first/gpt-busy', 'second/gpt-realtime-mini'], retries: { attempts: 1 } },
      single: { targets: ['first/gpt-single'], retries: { attempts: 1 } },
      lost: { targets: ['nowhere/x', 'second/gpt-realtime-mini'], retries: { attempts: 1 } },
      alone: { targets: ['first/gpt-realtime'], retries: { attempts: 1 } },
      patient: { targets: ['first/gpt-realtime'], retries: { attempts: 2, backoff: { initial: '10ms' } } },
      text: { targets: ['chatty/gpt-4o'] },
    },
    keys: [
      {
        name: 'app',
        value: KEY,
        models: ['voice', 'busy', 'single', 'lost', 'alone', 'patient', 'text'],
        limits: { sockets: 2 },
      },
    ],
    realtime: { handshake_timeout: '300ms' },
  },
});
afterAll(async () => {
  await stopCleanly(gateway);
  await first.close();
  await second.close();
});
beforeEach(() => {
  first.connections.length = 0;
  second.connections.length = 0;
});

const refusedWith = (path: string, headers: Record<string, string> = bearer) =>
  refusal(connect(gateway, path, { headers }));

const rateLimited = (retryAfter = '7') => ({
  status: 429,
  body: '{"error":{"message":"Slow down","type":"rate_limit_error","param":null,"code":"rate_limit_exceeded"}}',
  headers: { 'retry-after': retryAfter },
});

describe('a handshake is refused with an HTTP answer', () => {
  it('without a key', async () => {
    const refused = await refusedWith('/v1/realtime?model=voice', {});
    expect(refused.status).toBe(401);
    expect(refused.headers['content-type']).toBe('application/json');
    expect(refused.headers['x-headgate-request-id']).toBeTypeOf('string');
    expect(refused.error).toMatchObject({ type: 'authentication_error', code: 'key_required' });
  });

  it('with a key that nobody knows', async () => {
    const refused = await refusedWith('/v1/realtime?model=voice', {
      authorization: 'Bearer hg-other-0123456789',
    });
    expect([refused.status, refused.error['code']]).toEqual([401, 'key_unknown']);
  });

  it('for a model that there is not', async () => {
    const refused = await refusedWith('/v1/realtime?model=voise');
    expect([refused.status, refused.error['code']]).toEqual([404, 'model_not_found']);
    expect(refused.error['message']).toContain('"voice"');
  });

  it('for no model at all', async () => {
    const refused = await refusedWith('/v1/realtime');
    expect([refused.status, refused.error['code']]).toEqual([400, 'model_required']);
  });

  it('for a model that the key may not use', async () => {
    const refused = await refusedWith('/v1/realtime?model=second/gpt-realtime');
    expect([refused.status, refused.error['code']]).toEqual([403, 'model_not_allowed']);
  });

  it('for a model that does not speak it', async () => {
    const refused = await refusedWith('/v1/realtime?model=text');
    expect([refused.status, refused.error['code']]).toEqual([404, 'operation_unsupported']);
  });

  it('at a path without a WebSocket, as without the handshake', async () => {
    const refused = await refusedWith('/v1/nothing-here');
    expect([refused.status, refused.error['code']]).toEqual([403, 'forward_not_allowed']);
    expect((await get(gateway, '/health/live')).status).toBe(200);
  });

  it('over the number of WebSockets that the key may have, until one is closed', async () => {
    const open = await Promise.all(
      [1, 2].map(() => connect(gateway, '/v1/realtime?model=voice', { headers: bearer })),
    );
    const refused = await refusedWith('/v1/realtime?model=voice');
    expect([refused.status, refused.error['code']]).toEqual([429, 'too_many_sockets']);
    open[0]?.socket.close(1000);
    await open[0]?.closed;
    const again = await connect(gateway, '/v1/realtime?model=voice', { headers: bearer });
    again.socket.close(1000);
    open[1]?.socket.close(1000);
    await Promise.all([again.closed, open[1]?.closed]);
    // What was refused holds no place either.
    for (let i = 0; i < 4; i++) expect((await refusedWith('/v1/realtime?model=none')).status).toBe(404);
    const last = await connect(gateway, '/v1/realtime?model=voice', { headers: bearer });
    last.socket.close(1000);
    await last.closed;
  });
});

describe('a provider that refuses the handshake', () => {
  it('is followed by the next target', async () => {
    first.refuse(rateLimited());
    const client = await connect(gateway, '/v1/realtime?model=busy', { headers: bearer });
    await client.event('session.created');
    expect((await second.connection()).url).toBe('/v1/realtime?model=gpt-realtime-mini');
    client.socket.close(1000);
    await client.closed;
    const line = await settled(gateway, (one) => one['provider'] === 'second');
    expect(line).toMatchObject({ status: 101, outcome: 'ok' });
  });

  it('is followed by the next target when nobody listens', async () => {
    const client = await connect(gateway, '/v1/realtime?model=lost', { headers: bearer });
    await client.event('session.created');
    expect(second.connections).toHaveLength(1);
    client.socket.close(1000);
    await client.closed;
  });

  it('is followed by the next target when it never answers', async () => {
    first.ignore(1);
    const client = await connect(gateway, '/v1/realtime?model=voice', { headers: bearer });
    await client.event('session.created');
    expect(second.connections).toHaveLength(1);
    client.socket.close(1000);
    await client.closed;
  });

  it('is asked again as often as the model says', async () => {
    first.refuse({ status: 503, body: '' });
    const client = await connect(gateway, '/v1/realtime?model=patient', { headers: bearer });
    await client.event('session.created');
    client.socket.close(1000);
    await client.closed;
  });

  it('is quoted when it was the last one', async () => {
    first.refuse(rateLimited());
    const refused = await refusedWith('/v1/realtime?model=single');
    expect(refused.status).toBe(429);
    expect(refused.headers['retry-after']).toBe('7');
    expect(refused.body).toContain('Slow down');
    // It said when to come back: until then it is not asked.
    const again = await refusedWith('/v1/realtime?model=single');
    expect([again.status, again.error['code']]).toEqual([429, 'provider_rate_limited']);
    expect(again.headers['retry-after']).toMatch(/^[67]$/);
  });

  it('does not let its client believe that the wrong key was its own', async () => {
    first.refuse({
      status: 401,
      body: `{"error":{"message":"Incorrect API key provided: ${PROVIDER_KEY}"}}`,
    });
    const refused = await refusedWith('/v1/realtime?model=alone');
    expect([refused.status, refused.error['code']]).toEqual([502, 'provider_refused_key']);
    expect(refused.body).not.toContain(PROVIDER_KEY);
  });
});

describe('a client that leaves before its provider has answered', () => {
  it('holds nothing', async () => {
    first.ignore(1);
    second.ignore(1);
    const connecting = connect(gateway, '/v1/realtime?model=voice', {
      headers: bearer,
      options: { handshakeTimeout: 60 },
    });
    await expect(connecting).rejects.toThrow('timed out');
    await settled(gateway, (line) => line['outcome'] === 'client-closed');
    const both = await Promise.all(
      [1, 2].map(() => connect(gateway, '/v1/realtime?model=voice', { headers: bearer })),
    );
    for (const client of both) client.socket.close(1000);
    await Promise.all(both.map((client) => client.closed));
  });
});
