import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { openLedgerSql } from '../../core/store/ledger-sql.js';
import { startVendors, type Vendors } from '../fakes/alert-vendors.js';
import { type Embedded, embed } from '../gateway/embedded.js';
import { foundIn } from '../observe/planted-secrets.js';
import { account, rowsWith, tokenEndpoint } from '../sinks/google-account.js';
import { noNats, type RealNats, startNats } from '../sinks/real-nats.js';
import { runSinks, sinkSettings } from '../sinks/running-sinks.js';
import { startVendor, type VendorServer } from '../sinks/vendor-server.js';
import { VENDORS } from '../sinks/vendors.js';
import { noRedis, type RealRedis, startRedis } from '../state/real-redis.js';
import { type EventReader, tail } from './event-stream.js';
import { ADMIN, startPlanting } from './planting.js';

type Json = Record<string, unknown>;

const planting = await startPlanting();
const { planted, ids } = planting;
let gateway: Embedded;
let vendor: VendorServer;
let alerts: Vendors;
let redis: RealRedis | null = null;
let nats: RealNats | null = null;
let listener: EventReader;
const folder = mkdtempSync(join(tmpdir(), 'headgate-planted-'));
const file = join(folder, 'requests.jsonl');
const STREAM = 'planted';
const SLOW = { timeout: 30_000 };

const admin = { authorization: `Bearer ${ADMIN}` };
const get = async (path: string): Promise<string> => (await gateway.fetch(path, { headers: admin })).text();

beforeAll(async () => {
  [vendor, alerts, redis, nats] = await Promise.all([
    startVendor(),
    startVendors(),
    noRedis === null ? startRedis() : null,
    noNats === null ? startNats([]) : null,
  ]);
  vendor.answer = ({ path }) =>
    VENDORS.find((one) => (typeof one.path === 'string' ? one.path === path : one.path.test(path)))?.good ?? {
      status: 200,
    };
  const soon = { batch: { wait: '10ms' } };
  if (nats !== null) {
    const connection = await nats.connect();
    const manager = await connection.jetstreamManager();
    await manager.streams.add({ name: STREAM, subjects: [STREAM] });
    await connection.close();
  }
  const queues = [
    ...(redis === null ? [] : [{ use: 'redis', url: redis.url, stream: STREAM }]),
    ...(nats === null
      ? []
      : [{ use: 'nats', servers: nats.address, subject: STREAM, jetstream: true, ...nats.owner }]),
  ];
  gateway = await embed({
    ...planting.options,
    config: {
      ...planting.options.config,
      observability: {
        log_level: 'debug',
        log_bodies: true,
        metadata: ['note'],
        prometheus: { labels: ['model', 'metadata.note'] },
        otlp: [{ url: `${vendor.url}/otlp`, interval: '500ms', ...soon }],
        sinks: [
          ...VENDORS.map(({ use, values }) => ({ use, name: use, ...values(vendor.url), ...soon })),
          { use: 'file', path: file, ...soon },
          ...queues.map((queue) => ({ ...queue, content: true, ...soon })),
        ],
      },
      alerts: {
        destinations: { hook: { webhook: { url: `${alerts.url}/webhook`, secret: 'hush' } } },
        rules: [{ when: 'errors', least_requests: 1, share: 0.01, to: ['hook'] }],
        group: '1ms',
      },
    } as never,
  });
  listener = await tail(gateway, '', ADMIN);
  await planting.plantIn(gateway);
}, 60_000);
afterAll(async () => {
  await listener?.leave();
  await gateway?.close();
  await Promise.all([vendor.close(), alerts.close(), planting.close(), redis?.stop(), nats?.stop()]);
  rmSync(folder, { recursive: true, force: true });
});

/** All sinks have all of it. */
async function delivered(): Promise<void> {
  const last = ids.at(-1) as string;
  await expect.poll(() => readFileSync(file, 'utf8'), SLOW).toContain(last);
  await expect
    .poll(async () => (await get('/metrics')).match(/^headgate_sink_backlog_bytes\{.*\} [1-9]/gm) ?? [], SLOW)
    .toEqual([]);
}

describe('none of fifty planted secrets', () => {
  it('is told to any sink, as a trace or as a metric', async () => {
    await delivered();
    const paths = (): Set<string> => new Set(vendor.received.map(({ path }) => path.replace(/\?.*/, '')));
    await expect.poll(() => paths().size, SLOW).toBeGreaterThan(20);
    for (const { path, body } of vendor.received) {
      const text =
        /gz(\?|$)/.test(path) && body[0] === 0x1f
          ? gunzipSync(body).toString('latin1')
          : body.toString('latin1');
      expect(foundIn(text, planted), path).toEqual([]);
    }
    const lines = readFileSync(file, 'utf8');
    // What stands around it is there.
    expect(lines).toContain('"metadata":{"note":"it is ***"}');
    expect(foundIn(lines, planted)).toEqual([]);
  });

  it.skipIf(noRedis !== null)('is told to a stream of Redis, with prompts and answers', async () => {
    await delivered();
    const text = redis?.cli('XRANGE', STREAM, '-', '+') ?? '';
    for (const id of ids) expect(text).toContain(id);
    expect(text).toContain('for the tests');
    expect(foundIn(text, planted)).toEqual([]);
  });

  it.skipIf(noNats !== null)('is told to a stream of NATS, with prompts and answers', async () => {
    await delivered();
    const connection = await (nats as RealNats).connect();
    const { streams } = await connection.jetstreamManager();
    const { messages } = (await streams.info(STREAM)).state;
    const texts: string[] = [];
    for (let seq = 1; seq <= messages; seq++) {
      const { header, data } = await streams.getMessage(STREAM, { seq });
      texts.push(header.toString(), Buffer.from(data).toString('utf8'));
    }
    await connection.close();
    const text = texts.join('\n');
    for (const id of ids) expect(text).toContain(id);
    expect(text).toContain('for the tests');
    expect(foundIn(text, planted)).toEqual([]);
  });

  // Their tokens are got by https from Google alone: here from a function, in a thread of the test.
  it('is told to Google, as objects, messages or traces', async () => {
    const google = await startVendor();
    google.answer = () => ({ status: 200, headers: { 'content-type': 'application/json' }, body: '{}' });
    const common = { url: google.url, credential: JSON.stringify(account) };
    const settings = [
      sinkSettings('gcs', { ...common, bucket: 'b' }),
      sinkSettings('pubsub', { ...common, project: 'p', topic: 't' }),
      sinkSettings('google-cloud', { ...common, project: 'p' }),
    ];
    const sinks = runSinks(settings, null, rowsWith(tokenEndpoint().fetch));
    onTestFinished(async () => {
      await sinks.close();
      await google.close();
    });
    await sinks.settle(planting.settled);
    const { length } = planting.settled;
    await expect
      .poll(() => sinks.sinks.states().map(({ counts }) => counts.sent), SLOW)
      .toEqual([length, length, length]);
    const texts = google.received.map(({ path, body }) => {
      if (path.startsWith('/upload')) return gunzipSync(body).toString('utf8');
      if (!path.endsWith(':publish')) return body.toString('latin1');
      const { messages } = JSON.parse(body.toString('utf8')) as { messages: { data: string }[] };
      const data = messages.map((one) => Buffer.from(one.data, 'base64').toString('utf8'));
      return [body.toString('utf8'), ...data].join('\n');
    });
    expect(texts).toHaveLength(3);
    for (const text of texts) {
      for (const id of ids) expect(text).toContain(id);
      expect(foundIn(text, planted)).toEqual([]);
    }
  });

  it('is told to who watches requests', async () => {
    const seen: string[] = [];
    const waiting = new Set(ids);
    while (waiting.size > 0) {
      const event = await listener.next();
      if (event === null) break;
      seen.push(JSON.stringify(event));
      waiting.delete(String(event.id));
    }
    expect(waiting.size).toBe(0);
    expect(seen.join('\n')).toContain('it is ***');
    expect(foundIn(seen.join('\n'), planted)).toEqual([]);
  });

  it('is in an alert', async () => {
    await expect.poll(() => alerts.told.length, { timeout: 50_000 }).toBeGreaterThan(0);
    expect(foundIn(alerts.told.map(({ text }) => text).join('\n'), planted)).toEqual([]);
  });

  it('is in an answer of the admin API, an export, the log or the debug bundle', async () => {
    const texts = [
      await get('/api/requests?limit=100'),
      await get('/api/requests?format=csv'),
      await get('/api/requests/export?format=jsonl'),
      await get('/api/requests/export?format=csv'),
      await get('/api/requests/export?format=parquet'),
      await get('/api/requests/sessions'),
      await get('/metrics'),
      await get('/api/alerts'),
      await get('/api/usage?group_by=model,key'),
      await get('/api/mcp/servers'),
      await get('/api/debug/bundle'),
      ...(await Promise.all(ids.map((id) => get(`/api/requests/${id}`)))),
    ];
    expect(texts.join('')).toContain('for the tests');
    expect((JSON.parse(texts.at(10) as string) as Json)['log']).not.toEqual([]);
    for (const text of texts) expect(foundIn(text, planted), text.slice(0, 200)).toEqual([]);
  });

  it('is on the disk', async () => {
    const files = readdirSync(gateway.dataDir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'));
    const db = await openLedgerSql({ kind: 'sqlite', path: join(gateway.dataDir, 'headgate.db') });
    const kept = await db.all('SELECT data FROM request_bodies');
    await db.close();
    expect(kept.length).toBeGreaterThan(10);
    for (const [data] of kept)
      expect(foundIn(gunzipSync(data as Uint8Array).toString(), planted)).toEqual([]);
    for (const text of files) expect(foundIn(text, planted)).toEqual([]);
  });

  it('of the gateway itself is in what a client is told went wrong', () => {
    expect(planting.errors.length).toBeGreaterThan(10);
    expect(foundIn(planting.errors.join('\n'), planting.own)).toEqual([]);
  });
});
