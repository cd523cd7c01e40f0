import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { startOpenAi } from '../fakes/openai.js';
import { behind, type Embedded, embed, json, until } from '../gateway/embedded.js';
import { fill, smallDisk } from '../gateway/small-disk.js';
import { startS3 } from '../store/fake-s3.js';

type Json = Record<string, unknown>;
const openai = await startOpenAi();
afterAll(() => openai.close());

const get = async (gateway: Embedded, path: string): Promise<Json> =>
  (await (await gateway.fetch(path)).json()) as Json;
async function ask(gateway: Embedded, content = 'Where is my parcel?'): Promise<string> {
  const messages = [{ role: 'user', content }];
  const answer = await gateway.fetch('/v1/chat/completions', json({ model: 'openai/gpt-4o', messages }));
  expect(answer.status).toBe(200);
  await answer.text();
  return String(answer.headers.get('x-headgate-request-id'));
}
const bodiesOf = async (gateway: Embedded, id: string): Promise<{ request: Json } | null> =>
  (await get(gateway, `/api/requests/${id}`))['bodies'] as { request: Json } | null;
const dropped = async (gateway: Embedded): Promise<number> =>
  Number(/^headgate_bodies_dropped_total (\d+)$/m.exec(await (await gateway.fetch('/metrics')).text())?.[1]);

test('of a request of 50 MB the beginning is kept, with a mark, and the provider has all of it', async () => {
  const gateway = await embed({
    config: {
      providers: behind(openai),
      server: { body_limit: '64mb' },
      observability: { log_bodies: true },
    },
  });
  const messages = [{ role: 'user', content: 'Where is my parcel? '.repeat(2_600_000) }];
  const request = JSON.stringify({ model: 'openai/gpt-4o', messages });
  expect(request.length).toBeGreaterThan(50e6);
  const ids: string[] = [];
  for (let i = 0; i < 2; i++) {
    const answer = await gateway.fetch('/v1/chat/completions', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: request,
    });
    expect(answer.status).toBe(200);
    await answer.text();
    ids.push(String(answer.headers.get('x-headgate-request-id')));
  }
  // The provider had all of it.
  expect(Number((await openai.request(2)).headers['content-length'])).toBe(request.length - 'openai/'.length);
  for (const id of ids) {
    const kept = await bodiesOf(gateway, id);
    expect(kept?.request).toMatchObject({ truncated: true, bytes: request.length });
    const content = String(kept?.request['content']);
    expect(content.length).toBeLessThanOrEqual(64 * 1024);
    expect(content.length).toBeGreaterThan(63 * 1024);
  }
  const page = await get(gateway, '/api/requests?q=parcel');
  expect((page['data'] as Json[]).map(({ id }) => id)).toEqual(ids.toReversed());
  await gateway.close();
});

const disk = smallDisk();
test.skipIf(disk === null)(
  'a full disk for bodies is told in health and metrics, harms no request, and loses no record',
  async () => {
    const folder = join(disk as string, 'bodies');
    mkdirSync(folder);
    const gateway = await embed({
      config: { providers: behind(openai), observability: { log_bodies: { folder } } },
    });
    const before = await ask(gateway);
    expect((await bodiesOf(gateway, before))?.request).toMatchObject({ truncated: false });
    const makeRoom = fill(disk as string);
    // More than what is left of the page that the file ends in.
    const long = 'Where is my parcel? '.repeat(1000);
    const lost = [await ask(gateway, long), await ask(gateway, long)];
    for (const id of lost) expect(await bodiesOf(gateway, id)).toBeNull();
    expect(await dropped(gateway)).toBe(2);
    const health = await get(gateway, '/health/ready');
    expect(health).toMatchObject({ status: 'degraded', parts: { spool: { ok: true }, store: { ok: true } } });
    expect((health['parts'] as Record<string, Json>)['bodies']).toMatchObject({ ok: false });
    // What was kept before is there still, whole.
    expect((await bodiesOf(gateway, before))?.request).toMatchObject({ truncated: false });
    makeRoom();
    const after = await ask(gateway);
    expect((await bodiesOf(gateway, after))?.request).toMatchObject({ truncated: false });
    await until('health is well', async () => (await get(gateway, '/health/ready'))['status'] === 'ready');
    expect(await dropped(gateway)).toBe(2);
    const { data } = await get(gateway, '/api/requests');
    expect((data as Json[]).map(({ id }) => id)).toEqual([after, ...lost.toReversed(), before]);
    expect(readdirSync(folder)).toHaveLength(1);
    await gateway.close();
  },
);

// The storage did not answer: a search waited for all that was on its way there, half a minute for each sixteen of them, and so did
// the end of the process.
test('a storage that does not answer holds up no search and no end', async () => {
  const storage = await startS3();
  const { bucket, region, endpoint, accessKeyId, secretAccessKey } = storage.settings;
  const s3 = { bucket, region, endpoint, access_key_id: accessKeyId, secret_access_key: secretAccessKey };
  const gateway = await embed({
    config: { providers: behind(openai), observability: { log_bodies: { s3 } } } as never,
  });
  storage.status = 'never';
  const ids = [await ask(gateway), await ask(gateway)];
  const started = performance.now();
  const { data } = await get(gateway, '/api/requests');
  expect((data as Json[]).map(({ id }) => id)).toEqual(ids.toReversed());
  await get(gateway, '/api/requests?q=parcel');
  expect(await gateway.close()).toBe(true);
  expect(performance.now() - started).toBeLessThan(25_000);
  await storage.close();
});
