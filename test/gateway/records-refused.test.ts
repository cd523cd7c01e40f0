import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createGateway, type Gateway } from '../../dist/bin/library.js';
import { type Embedded, embed, json, until } from './embedded.js';
import { fill, smallDisk } from './small-disk.js';

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

const post = (gateway: Gateway): Promise<Response> =>
  gateway.fetch(
    '/v1/chat/completions',
    json({ model: 'mock/hello', messages: [{ role: 'user', content: 'x' }] }, {}),
  );

async function answered(gateway: Gateway, times: number): Promise<number> {
  let good = 0;
  for (let i = 0; i < times; i++) if ((await post(gateway)).status === 200) good++;
  return good;
}

async function counted(gateway: Gateway, outcome: string): Promise<number> {
  const usage = await (await gateway.fetch('/api/usage?group_by=')).json();
  const { requests, errors } = (usage as { total: { requests: number; errors: number } }).total;
  return outcome === 'ok' ? requests - errors : errors;
}

const problems = async (gateway: Gateway): Promise<string> => (await gateway.fetch('/health/ready')).text();

const disk = smallDisk();
const policies = disk === null ? [] : (['serve', 'refuse'] as const);

test.each(policies)(
  'a full disk: health says so, on_failure: %s is followed, nothing is lost, and it recovers',
  async (onFailure) => {
    const dataDir = join(disk ?? '', onFailure);
    const observability = { log_level: 'silent' } as const;
    const store = { on_failure: onFailure, durable: onFailure === 'refuse' ? 'request' : 'batch' } as const;
    const gateway = await createGateway({ config: { store, observability }, dataDir, env: {}, port: 0 });
    let good = 0;
    const some = async (times: number): Promise<number> => {
      const answers = await answered(gateway, times);
      good += answers;
      return answers;
    };
    expect(await some(20)).toBe(20);
    expect(await counted(gateway, 'ok')).toBe(20);

    const makeRoom = fill(disk ?? '');
    await until('it says that the disk is full', async () => {
      await some(50);
      return /ENOSPC|full/.test(await problems(gateway));
    });
    expect(await some(10)).toBe(onFailure === 'serve' ? 10 : 0);

    makeRoom();
    await until('it answers', async () => (await some(1)) === 1);
    await until('it is ready', async () => (await gateway.fetch('/health/ready')).ok);
    const kept = await counted(gateway, 'ok');
    // An answer that was held back for its record has a record of what it cost all the same, if memory could keep it.
    if (onFailure === 'serve') expect(kept).toBe(good);
    else expect(kept).toBeGreaterThanOrEqual(good);
    await gateway.close();

    // Nothing was kept twice, and what was kept is there for the next start.
    const again = await createGateway({ config: { observability }, dataDir, env: {}, port: 0 });
    expect(await counted(again, 'ok')).toBe(kept);
    await again.close();
  },
  30_000,
);
