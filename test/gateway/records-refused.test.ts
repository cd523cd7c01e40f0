import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Embedded, embed, json, until } from './embedded.js';

/** A disk that takes no new file: where the spool was there is something else. */
function breakSpool({ dataDir }: Embedded): () => void {
  const [spool, away] = [join(dataDir, 'spool'), join(dataDir, 'spool.away')];
  renameSync(spool, away);
  writeFileSync(spool, '');
  return () => {
    renameSync(spool, join(dataDir, 'no-spool'));
    renameSync(away, spool);
  };
}

const body = (stream: boolean, model = 'mock/hello') => ({
  model,
  stream,
  messages: [{ role: 'user', content: 'Hello' }],
});
const ask = (gateway: Embedded, stream = false, path = '/v1/chat/completions'): Promise<Response> =>
  gateway.fetch(path, json({ ...body(stream), max_tokens: 99 }));
const ready = async (gateway: Embedded): Promise<Record<string, unknown>> =>
  (await (await gateway.fetch('/health/ready')).json()) as Record<string, unknown>;
const requests = async (gateway: Embedded): Promise<number> => {
  const usage = (await (await gateway.fetch('/api/usage?group_by=')).json()) as {
    total: { requests: number };
  };
  return usage.total.requests;
};

test('with durable: request, an answer whose record cannot be written is an error, until it can', async () => {
  const gateway = await embed({ config: { store: { durable: 'request' } } });
  const repair = breakSpool(gateway);
  const refused = await ask(gateway);
  expect(refused.status).toBe(503);
  expect(await refused.json()).toMatchObject({ error: { code: 'record_unwritten' } });
  await until('health says so', async () => (await ready(gateway))['status'] === 'not ready');
  expect(JSON.stringify(await ready(gateway))).toContain('spool');
  // From now on no provider is asked in vain.
  expect((await ask(gateway)).headers.get('x-headgate-provider')).toBeNull();
  repair();
  await until('it answers again', async () => (await ask(gateway)).status === 200);
  await until('health says so', async () => (await ready(gateway))['status'] === 'ready');
  // What could not be written waited in memory.
  expect(await requests(gateway)).toBeGreaterThanOrEqual(3);
  await gateway.close();
});

test.each([
  ['openai-chat', '/v1/chat/completions', 'data: [DONE]'],
  ['anthropic-messages', '/v1/messages', 'message_stop'],
])('a stream (%s) then ends in an error in place of its last event', async (_, path, last) => {
  const gateway = await embed({ config: { store: { durable: 'request' } } });
  const whole = await (await ask(gateway, true, path)).text();
  expect(whole).toContain(last);
  await gateway.close();
  const other = await embed({ config: { store: { durable: 'request' } } });
  breakSpool(other);
  const broken = await ask(other, true, path);
  expect(broken.status).toBe(200);
  const text = await broken.text();
  expect(text).not.toContain(last);
  expect(text).toContain('store.on_failure');
  await other.close();
});

test('on_failure: serve answers all the same, and keeps the records in memory until they can be written', async () => {
  const gateway = await embed({ config: { store: { durable: 'request', on_failure: 'serve' } } });
  const repair = breakSpool(gateway);
  expect((await ask(gateway)).status).toBe(200);
  expect(await (await ask(gateway, true)).text()).toContain('[DONE]');
  await until('health says so', async () => (await ready(gateway))['status'] === 'not ready');
  repair();
  await until('health says so', async () => (await ready(gateway))['status'] === 'ready');
  expect(await requests(gateway)).toBe(2);
  await gateway.close();
});

test('without durable: request, on_failure: refuse stops what comes after the first loss of the disk', async () => {
  const gateway = await embed({ config: { store: { on_failure: 'refuse' } } });
  const repair = breakSpool(gateway);
  expect((await ask(gateway)).status).toBe(200);
  await until('it refuses', async () => (await ask(gateway)).status === 503);
  repair();
  await until('it answers again', async () => (await ask(gateway)).status === 200);
  await gateway.close();
});

test('nothing on a disk and durable: request do not go together', async () => {
  await expect(embed({ config: { store: { durable: 'request', url: 'sqlite::memory:' } } })).rejects.toThrow(
    'store.durable',
  );
});
