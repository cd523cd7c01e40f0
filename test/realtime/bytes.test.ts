import { rmSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { startHeadgate, stopCleanly } from '../e2e/harness.js';
import { makeCertificate } from './certificate.js';
import { type Client, connect } from './client.js';
import { type FakeConnection, type FakeRealtime, startFakeRealtime } from './fake-realtime.js';

/**
 * The gateway reads all its providers into one buffer and writes frames from buffers that it uses again. A mistake there
 * shows as bytes of another message, and only where messages of many sizes share and straddle reads.
 */
const { folder, ...tls } = await makeCertificate();
const plain = await startFakeRealtime();
const secure = await startFakeRealtime({ tls });
const provider = (fake: FakeRealtime) => ({
  extends: 'openai',
  base_url: `${fake.url}/v1`,
  keys: [{ value: 'sk-provider-0123456789' }],
});
const gateway = await startHeadgate({
  config: { server: { threads: 1 }, providers: { plain: provider(plain), secure: provider(secure) } },
  env: { NODE_EXTRA_CA_CERTS: tls.cert },
});
afterAll(async () => {
  await stopCleanly(gateway);
  await plain.close();
  await secure.close();
  rmSync(folder, { recursive: true });
});

const SIZES = [
  0, 1, 125, 126, 127, 300, 1_000, 4_000, 8_177, 8_178, 8_200, 20_000, 65_521, 65_522, 65_536, 200_000,
];

/** Every message is told by its bytes from every other one. */
function message(of: number, number: number): Buffer {
  const bytes = Buffer.alloc(SIZES[(number * 7 + of) % SIZES.length] as number);
  for (let i = 0; i < bytes.length; i++) bytes[i] = (i * 31 + number * 17 + of * 101 + (i >> 8)) & 0xff;
  return bytes;
}

const SESSIONS = 6;
const MESSAGES = 300;

describe.each([
  ['in the clear', 'plain', plain],
  ['over TLS', 'secure', secure],
])('many sessions at once with a provider %s', (_, id, fake) => {
  it('get every byte in its place, both ways', async () => {
    const sessions: { client: Client; connection: FakeConnection }[] = [];
    for (let i = 1; i <= SESSIONS; i++) {
      const client = await connect(gateway, `/v1/realtime?model=${id}/gpt-realtime`);
      sessions.push({ client, connection: await fake.connection(i) });
    }
    for (let number = 0; number < MESSAGES; number++) {
      for (const [of, { client, connection }] of sessions.entries()) {
        client.socket.send(message(of, number));
        connection.socket.send(message(of + SESSIONS, number));
      }
      // Some in one read, some apart.
      if (number % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    for (const [of, { client, connection }] of sessions.entries()) {
      const received = await connection.messages(MESSAGES);
      await expect.poll(() => client.received.length, { timeout: 30_000 }).toBe(MESSAGES);
      for (let number = 0; number < MESSAGES; number++) {
        const [up, down] = [message(of, number), message(of + SESSIONS, number)];
        expect(up.equals(received[number] as Buffer), `message ${number} to the provider of ${of}`).toBe(
          true,
        );
        const back = client.received[number]?.data as Buffer;
        expect(down.equals(back), `message ${number} to the client of ${of}`).toBe(true);
      }
      client.socket.close(1000);
      await client.closed;
    }
  });

  it('see the reason of a close that comes together with messages', async () => {
    const client = await connect(gateway, `/v1/realtime?model=${id}/gpt-realtime`);
    const { socket } = await fake.connection(fake.connections.length);
    for (let number = 0; number < 20; number++) socket.send(message(0, 3));
    socket.close(4000, 'the reason of the close');
    expect(await client.closed).toEqual({ code: 4000, reason: 'the reason of the close' });
    expect(client.received.every(({ data }) => data.equals(message(0, 3)))).toBe(true);
    expect(client.received).toHaveLength(20);
  });
});
