import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { type Headgate, startHeadgate } from '../e2e/harness.js';
import { settled } from '../e2e/settled.js';
import { type Client, connect } from './client.js';
import { openaiSession } from './fake-openai.js';
import { startFakeRealtime } from './fake-realtime.js';

const fake = await startFakeRealtime(openaiSession());
afterAll(() => fake.close());

async function start(more: object): Promise<Headgate> {
  const gateway = await startHeadgate({
    config: {
      providers: { openai: { base_url: `${fake.url}/v1`, keys: [{ value: 'sk-provider-0123456789' }] } },
      ...more,
    },
  });
  onTestFinished(() => gateway.kill().catch(() => undefined));
  return gateway;
}

const open = (gateway: Headgate): Promise<Client> => connect(gateway, '/v1/realtime?model=gpt-realtime');

async function errorOf(client: Client): Promise<Record<string, unknown>> {
  return (await client.event('error'))['error'] as Record<string, unknown>;
}

describe('a session', () => {
  it('without a message for too long is closed with 1001', async () => {
    const gateway = await start({ realtime: { idle_timeout: '300ms' } });
    const client = await open(gateway);
    for (let i = 0; i < 4; i++) {
      await sleep(150);
      client.send({ type: 'input_audio_buffer.clear' });
    }
    expect(client.socket.readyState).toBe(1);
    expect((await errorOf(client))['code']).toBe('session_idle');
    const { code, reason } = await client.closed;
    expect(code).toBe(1001);
    expect(reason).toContain('realtime.idle_timeout');
  });

  it('that lasts too long is closed with 1001, however busy it is', async () => {
    const gateway = await start({ realtime: { max_duration: '400ms' } });
    const client = await open(gateway);
    const busy = setInterval(() => client.send({ type: 'input_audio_buffer.clear' }), 20);
    expect((await errorOf(client))['code']).toBe('session_expired');
    clearInterval(busy);
    expect((await client.closed).code).toBe(1001);
  });

  it('may be given less time by its client', async () => {
    const gateway = await start({});
    const client = await connect(gateway, '/v1/realtime?model=gpt-realtime', {
      headers: { 'x-headgate-timeout': '200ms' },
    });
    expect((await errorOf(client))['code']).toBe('session_expired');
  });
});

describe('on SIGTERM', () => {
  it('open sessions go on until the drain time is over, then end with 1001 and a reason; new ones are refused', async () => {
    const gateway = await start({ server: { drain_timeout: '600ms' } });
    const clients = await Promise.all([open(gateway), open(gateway)]);
    for (const client of clients) await client.event('session.created');
    const stopping = gateway.stop();
    await sleep(200);
    clients[0]?.send({ type: 'response.create' });
    await clients[0]?.event('response.done');
    await expect(open(gateway)).rejects.toThrow();
    for (const client of clients) {
      expect((await errorOf(client))['code']).toBe('gateway_stopping');
      const { code, reason } = await client.closed;
      expect(code).toBe(1001);
      expect(reason).toContain('The gateway is stopping');
    }
    expect((await stopping).code).toBe(0);
  });

  it('every session is in the ledger', async () => {
    const gateway = await start({ server: { drain_timeout: '200ms', threads: 2 } });
    const clients = await Promise.all(Array.from({ length: 8 }, () => open(gateway)));
    for (const client of clients) await client.event('session.created');
    // Kept when the gateway removes its folder.
    const stopped = gateway.stop();
    const rows = settled(gateway, (line) => line['error'] === 'gateway_stopping');
    await Promise.all(clients.map((client) => client.closed));
    expect(await rows).toMatchObject({ operation: 'realtime', status: 101, outcome: 'error' });
    expect((await stopped).code).toBe(0);
    const lines = gateway
      .logs()
      .split('\n')
      .filter((line) => line.includes('"gateway_stopping"'));
    expect(lines).toHaveLength(8);
  });

  it('sessions that are over let the gateway end at once', async () => {
    const gateway = await start({});
    const client = await open(gateway);
    client.socket.close(1000);
    await client.closed;
    const from = performance.now();
    expect((await gateway.stop()).code).toBe(0);
    expect(performance.now() - from).toBeLessThan(10_000);
  });
});
