import { afterAll, describe, expect, it } from 'vitest';
import { startHeadgate, stopCleanly } from '../e2e/harness.js';
import { settled } from '../e2e/settled.js';
import { connect, refusal } from './client.js';
import { openaiSession } from './fake-openai.js';
import { startFakeRealtime } from './fake-realtime.js';

const KEY = 'hg-realtime-key-0123456789';
const PROVIDER_KEY = 'sk-provider-0123456789';
const bearer = { authorization: `Bearer ${KEY}` };

const fake = await startFakeRealtime(openaiSession());
const gateway = await startHeadgate({
  config: {
    providers: {
      openai: { base_url: `${fake.url}/v1`, keys: [{ value: PROVIDER_KEY }] },
      azure: {
        extends: 'openai',
        base_url: fake.url,
        keys: [{ value: PROVIDER_KEY }],
        formats: { 'openai-realtime': '/openai/realtime?api-version=2025-04-01-preview&deployment={model}' },
      },
    },
    models: {
      voice: { targets: ['openai/gpt-realtime'] },
      'voice-azure': { targets: ['azure/my-deployment'] },
    },
    keys: [{ name: 'app', value: KEY, models: ['voice', 'voice-azure', 'openai/*'] }],
  },
});
afterAll(async () => {
  await stopCleanly(gateway);
  await fake.close();
});

const last = async () => fake.connection(fake.connections.length);

describe('a realtime session', () => {
  it('reaches the target of the public model with the key of the provider and without that of the client', async () => {
    const client = await connect(gateway, '/v1/realtime?model=voice', {
      headers: { ...bearer, 'openai-beta': 'realtime=v1', cookie: 'a=b' },
    });
    const created = await client.event('session.created');
    expect(created['session']).toMatchObject({ model: 'voice' });
    const { url, headers } = await last();
    expect(url).toBe('/v1/realtime?model=gpt-realtime');
    expect(headers.authorization).toBe(`Bearer ${PROVIDER_KEY}`);
    expect(headers['openai-beta']).toBe('realtime=v1');
    expect(JSON.stringify([url, headers])).not.toContain(KEY);
    expect(headers.cookie).toBeUndefined();
    client.socket.close(1000);
    await client.closed;
  });

  it('passes text and binary messages on, byte for byte, both ways', async () => {
    const client = await connect(gateway, '/v1/realtime?model=voice', { headers: bearer });
    await client.event('session.created');
    const connection = await last();
    const text = '{ "type":"input_audio_buffer.append",  "audio":"\u00e4\u4f60\ud83d\ude00" }';
    const bytes = Buffer.from([0, 255, 1, 254, 0]);
    client.socket.send(text);
    client.socket.send(bytes);
    client.socket.send('');
    expect(await connection.messages(3)).toEqual([text, bytes, '']);
    connection.socket.send(text);
    connection.socket.send(bytes);
    connection.socket.send('');
    const before = client.received.length;
    await expect.poll(() => client.received.length).toBe(before + 3);
    expect(client.received.slice(before)).toEqual([
      { data: Buffer.from(text), binary: false },
      { data: bytes, binary: true },
      { data: Buffer.alloc(0), binary: false },
    ]);
    client.socket.close();
    await connection.closed;
  });

  it.each(['{"type', '{"type":', '{', '', '"', '{"a":{"type":"session.update"', '\u0000'])(
    'passes %j on, which is no event',
    async (text) => {
      const client = await connect(gateway, '/v1/realtime?model=voice', { headers: bearer });
      const connection = await last();
      client.socket.send(text);
      connection.socket.send(text);
      expect(await connection.messages(1)).toEqual([text]);
      await expect.poll(() => client.received.at(-1)?.data.toString()).toBe(text);
      client.socket.close(1000);
      await client.closed;
    },
  );

  it('passes a message on that comes in fragments', async () => {
    const client = await connect(gateway, '/v1/realtime?model=voice', { headers: bearer });
    const connection = await last();
    client.socket.send('{"type":"input_audio_', { fin: false });
    client.socket.send('buffer.clear"', { fin: false });
    client.socket.send('}', { fin: true });
    expect(await connection.messages(1)).toEqual(['{"type":"input_audio_buffer.clear"}']);
    connection.socket.send(Buffer.from([1, 2]), { fin: false, binary: true });
    connection.socket.send(Buffer.from([3]), { fin: true, binary: true });
    await expect.poll(() => client.received.at(-1)?.data).toEqual(Buffer.from([1, 2, 3]));
    client.socket.close();
    await client.closed;
  });

  it('passes pings on and answers them', async () => {
    const client = await connect(gateway, '/v1/realtime?model=voice', { headers: bearer });
    const connection = await last();
    const answered = new Promise((resolve) => client.socket.once('pong', (data) => resolve(data.toString())));
    client.socket.ping('from the client');
    expect(await answered).toBe('from the client');
    await expect.poll(() => connection.pings).toContain('from the client');
    const back = new Promise((resolve) => connection.socket.once('pong', (data) => resolve(data.toString())));
    connection.socket.ping('from the provider');
    expect(await back).toBe('from the provider');
    await expect.poll(() => client.pings).toContain('from the provider');
    client.socket.close();
    await client.closed;
  });

  it.each([
    [1000, 'done'],
    [1001, ''],
    [1011, 'broken here'],
    [4000, 'ü'.repeat(61)],
  ])('passes the close %d of the client on', async (code, reason) => {
    const client = await connect(gateway, '/v1/realtime?model=voice', { headers: bearer });
    const connection = await last();
    client.socket.close(code, reason);
    expect(await connection.closed).toEqual({ code, reason });
  });

  it.each([
    [1000, 'bye'],
    [1008, 'not so'],
    [1011, ''],
    [4321, 'own'],
  ])('passes the close %d of the provider on', async (code, reason) => {
    const client = await connect(gateway, '/v1/realtime?model=voice', { headers: bearer });
    (await last()).socket.close(code, reason);
    expect(await client.closed).toEqual({ code, reason });
  });

  it('passes a close without a code on as one without a code', async () => {
    const client = await connect(gateway, '/v1/realtime?model=voice', { headers: bearer });
    const connection = await last();
    client.socket.close();
    expect(await connection.closed).toEqual({ code: 1005, reason: '' });
    const other = await connect(gateway, '/v1/realtime?model=voice', { headers: bearer });
    (await last()).socket.close();
    expect(await other.closed).toEqual({ code: 1005, reason: '' });
  });

  it('tells the provider that a client whose connection broke is gone', async () => {
    const client = await connect(gateway, '/v1/realtime?model=voice', { headers: bearer });
    const connection = await last();
    client.socket.terminate();
    expect((await connection.closed).code).toBe(1001);
    await settled(gateway, (line) => line['outcome'] === 'client-closed' && line['operation'] === 'realtime');
  });

  it('tells the client with an error and 1011 that the provider broke off', async () => {
    const client = await connect(gateway, '/v1/realtime?model=voice', { headers: bearer });
    await client.event('session.created');
    (await last()).socket.terminate();
    const { error } = (await client.event('error')) as { error: Record<string, unknown> };
    expect(error).toMatchObject({ type: 'server_error', code: 'stream_interrupted' });
    expect((await client.closed).code).toBe(1011);
  });

  it('writes the public model in a session.update as the provider knows it', async () => {
    const client = await connect(gateway, '/v1/realtime?model=voice', { headers: bearer });
    const connection = await last();
    client.socket.send('{"type":"session.update", "session":{"type":"realtime","model":"voice" ,"x":1}}');
    client.socket.send('{"type":"session.update","session":{"instructions":"voice"}}');
    expect(await connection.messages(2)).toEqual([
      '{"type":"session.update", "session":{"type":"realtime","model":"gpt-realtime" ,"x":1}}',
      '{"type":"session.update","session":{"instructions":"voice"}}',
    ]);
    // What the provider says of its session can be sent back.
    expect((await client.event('session.created'))['session']).toMatchObject({ model: 'voice' });
    expect((await client.event('session.updated'))['session']).toMatchObject({ model: 'voice', x: 1 });
    client.send({ type: 'session.update', session: { model: 'azure/other' } });
    const { error } = (await client.event('error')) as { error: Record<string, unknown> };
    expect(error).toMatchObject({ code: 'model_not_allowed' });
    client.socket.close();
    await connection.closed;
    expect(connection.received).toHaveLength(2);
  });

  it('reaches Azure at its own address', async () => {
    const client = await connect(
      gateway,
      '/openai/realtime?api-version=2024-10-01-preview&deployment=voice-azure',
      {
        headers: { 'api-key': KEY },
      },
    );
    const { url } = await last();
    expect(url).toBe('/openai/realtime?api-version=2025-04-01-preview&deployment=my-deployment');
    client.socket.close();
    await client.closed;
  });
});

describe('the key of a browser', () => {
  it('is read from the subprotocol, and `realtime` is agreed to', async () => {
    const client = await connect(gateway, '/v1/realtime?model=voice', {
      protocols: ['realtime', `openai-insecure-api-key.${KEY}`, 'openai-beta.realtime-v1'],
    });
    expect(client.socket.protocol).toBe('realtime');
    const { headers } = await last();
    expect(headers['sec-websocket-protocol']).toBeUndefined();
    expect(headers['openai-beta']).toBe('realtime=v1');
    expect(JSON.stringify(headers)).not.toContain(KEY);
    client.socket.close();
    await client.closed;
  });

  it('is refused when it is wrong', async () => {
    const refused = await refusal(
      connect(gateway, '/v1/realtime?model=voice', {
        protocols: ['realtime', 'openai-insecure-api-key.hg-wrong-0123456789'],
      }),
    );
    expect(refused.status).toBe(401);
    expect(refused.error['code']).toBe('key_unknown');
  });
});
