import { readFileSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { freePort, spawnHeadgate, startHeadgate, stopCleanly } from '../e2e/harness.js';
import { settled } from '../e2e/settled.js';
import { makeCertificate } from './certificate.js';
import { connect } from './client.js';
import { openaiSession } from './fake-openai.js';
import { startFakeRealtime } from './fake-realtime.js';
import { until } from './until.js';

const KB = 1024;
const MB = 1024 * KB;
/** More than the kernel's buffers of two connections hold, so that what is not read must wait at the sender. */
const MESSAGES = 1000;
const SIZE = 64 * KB;

const fake = await startFakeRealtime(openaiSession());
const { folder, ...tls } = await makeCertificate();
const config = {
  server: { threads: 1 },
  providers: { openai: { base_url: `${fake.url}/v1`, keys: [{ value: 'sk-provider-0123456789' }] } },
  realtime: { message_limit: '256kb' },
};
const gateway = await startHeadgate({ config });
const securePort = await freePort();
const secure = spawnHeadgate(['--config', 'headgate.yaml', '--port', String(securePort), '--data', 'data'], {
  config: { ...config, server: { threads: 1, tls } },
});
await until('it listens', () => secure.logs().includes('"listening"'));
afterAll(async () => {
  await stopCleanly(gateway);
  await stopCleanly(secure);
  await fake.close();
  rmSync(folder, { recursive: true });
});

const memory = (pid = gateway.pid): number => {
  const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(line?.[1]) * KB;
};

const sides = [
  ['in the clear', { url: gateway.url }, gateway.pid],
  ['over TLS', { url: `https://127.0.0.1:${securePort}` }, secure.pid],
] as const;
const insecure = { options: { rejectUnauthorized: false } };

/** Until a number that grows has stood still for a while. */
async function settledAt(value: () => number): Promise<number> {
  for (let before = -1; ; ) {
    const now = value();
    if (now === before) return now;
    before = now;
    await sleep(300);
  }
}

describe.each(sides)('a client that does not read %s', (_, side, pid) => {
  it('makes the provider wait, loses nothing, and costs no memory', async () => {
    const client = await connect(side, '/v1/realtime?model=gpt-realtime', insecure);
    await client.event('session.created');
    const { socket } = await fake.connection(fake.connections.length);
    client.socket.pause();
    const before = memory(pid);
    let sent = 0;
    for (let i = 0; i < MESSAGES; i++) socket.send(Buffer.alloc(SIZE, i % 251), () => sent++);
    const stuck = await settledAt(() => sent);
    expect(stuck).toBeLessThan(MESSAGES);
    expect(memory(pid) - before).toBeLessThan(24 * MB);
    client.socket.resume();
    await expect.poll(() => client.received.length, { timeout: 30_000 }).toBe(MESSAGES + 1);
    for (let i = 0; i < MESSAGES; i++) {
      const { data } = client.received[i + 1] as { data: Buffer };
      expect(data.length).toBe(SIZE);
      expect(data[0]).toBe(i % 251);
      expect(data[SIZE - 1]).toBe(i % 251);
    }
    client.socket.close(1000);
    await client.closed;
  });
});

describe.each(sides)('a provider that does not read what comes %s', (_, side, pid) => {
  it('makes the client wait, loses nothing, and costs no memory', async () => {
    const client = await connect(side, '/v1/realtime?model=gpt-realtime', insecure);
    await client.event('session.created');
    const connection = await fake.connection(fake.connections.length);
    connection.socket.pause();
    const before = memory(pid);
    let sent = 0;
    for (let i = 0; i < MESSAGES; i++) client.socket.send(Buffer.alloc(SIZE, i % 251), () => sent++);
    const stuck = await settledAt(() => sent);
    expect(stuck).toBeLessThan(MESSAGES);
    expect(memory(pid) - before).toBeLessThan(24 * MB);
    // What the provider says meanwhile still arrives.
    connection.send({ type: 'rate_limits.updated' });
    await client.event('rate_limits.updated');
    connection.socket.resume();
    const received = await connection.messages(MESSAGES);
    for (let i = 0; i < MESSAGES; i++) {
      const data = received[i] as Buffer;
      expect(data.length).toBe(SIZE);
      expect(data[0]).toBe(i % 251);
      expect(data[SIZE - 1]).toBe(i % 251);
    }
    client.socket.close(1000);
    await client.closed;
  });

  it('is left with all that was sent when the client closes meanwhile', async () => {
    const client = await connect(side, '/v1/realtime?model=gpt-realtime', insecure);
    const connection = await fake.connection(fake.connections.length);
    connection.socket.pause();
    for (let i = 0; i < MESSAGES; i++) client.socket.send(Buffer.alloc(SIZE, 1));
    client.socket.close(1000, 'all said');
    await settledAt(() => connection.received.length);
    connection.socket.resume();
    expect(await connection.closed).toEqual({ code: 1000, reason: 'all said' });
    expect(connection.received).toHaveLength(MESSAGES);
  });
});

describe('both sides sending more than either reads', () => {
  it('get everything in the end, when it is no more than is kept', async () => {
    const client = await connect(gateway, '/v1/realtime?model=gpt-realtime');
    await client.event('session.created');
    const connection = await fake.connection(fake.connections.length);
    client.socket.pause();
    connection.socket.pause();
    for (let i = 0; i < MESSAGES; i++) connection.socket.send(Buffer.alloc(SIZE, i % 251));
    await sleep(300);
    const few = 80;
    for (let i = 0; i < few; i++) client.socket.send(Buffer.alloc(SIZE, i % 251));
    await sleep(300);
    client.socket.resume();
    await expect.poll(() => client.received.length, { timeout: 30_000 }).toBe(MESSAGES + 1);
    connection.socket.resume();
    await connection.messages(few);
    client.socket.close(1000);
    await client.closed;
  });

  it('are cut off when it is more, and memory is bounded', async () => {
    const client = await connect(gateway, '/v1/realtime?model=gpt-realtime');
    await client.event('session.created');
    const connection = await fake.connection(fake.connections.length);
    client.socket.pause();
    connection.socket.pause();
    const before = memory();
    for (let i = 0; i < MESSAGES; i++) connection.socket.send(Buffer.alloc(SIZE, i % 251));
    await sleep(300);
    for (let i = 0; i < MESSAGES; i++) client.socket.send(Buffer.alloc(SIZE, i % 251));
    await settled(gateway, (line) => line['error'] === 'session_backlog');
    expect(memory() - before).toBeLessThan(64 * MB);
    client.socket.terminate();
    connection.socket.terminate();
  });

  it('get everything in the end, whichever begins to wait first', async () => {
    const client = await connect(gateway, '/v1/realtime?model=gpt-realtime');
    await client.event('session.created');
    const connection = await fake.connection(fake.connections.length);
    connection.socket.pause();
    for (let i = 0; i < MESSAGES; i++) client.socket.send(Buffer.alloc(SIZE, i % 251));
    await sleep(300);
    // The client's reading is stopped now; what it is sent must arrive all the same.
    for (let i = 0; i < 80; i++) connection.socket.send(Buffer.alloc(SIZE, i % 251));
    await expect.poll(() => client.received.length, { timeout: 30_000 }).toBe(81);
    connection.socket.resume();
    await connection.messages(MESSAGES);
    client.socket.close(1000);
    await client.closed;
  });
});

describe('a message over the limit', () => {
  it.each([
    ['a little', 256 * KB + 1],
    ['much', 500 * KB],
  ])('closes the client with 1009 and an error when it is %s over it', async (_, size) => {
    const client = await connect(gateway, '/v1/realtime?model=gpt-realtime');
    const connection = await fake.connection(fake.connections.length);
    client.socket.send(Buffer.alloc(256 * KB, 32));
    client.socket.send(Buffer.alloc(size, 32));
    const { error } = (await client.event('error')) as { error: Record<string, unknown> };
    expect(error['code']).toBe('message_too_large');
    expect((await client.closed).code).toBe(1009);
    await connection.closed;
    expect(connection.received.map((message) => message.length)).toEqual([256 * KB]);
  });

  it('is cut at its first bytes when it is far over it, and memory stays flat', async () => {
    const client = await connect(gateway, '/v1/realtime?model=gpt-realtime');
    const connection = await fake.connection(fake.connections.length);
    const before = memory();
    client.socket.send(Buffer.alloc(200 * MB, 32));
    expect((await client.closed).code).toBe(1006);
    expect((await connection.closed).code).toBe(1001);
    expect(memory() - before).toBeLessThan(16 * MB);
    expect(connection.received).toHaveLength(0);
  });

  it('of the provider closes the client with 1009 and an error', async () => {
    const client = await connect(gateway, '/v1/realtime?model=gpt-realtime');
    await client.event('session.created');
    const connection = await fake.connection(fake.connections.length);
    connection.socket.send(Buffer.alloc(256 * KB + 1, 32));
    const { error } = (await client.event('error')) as { error: Record<string, unknown> };
    expect(error['code']).toBe('provider_message_too_large');
    expect((await client.closed).code).toBe(1009);
    expect((await connection.closed).code).toBe(1009);
  });
});
