import fc from 'fast-check';
import { afterEach, expect, it } from 'vitest';
import { counter, gauge, histogram } from '../../core/observe/metric-family.js';
import { partialSuccess } from '../../core/observe/otlp-answer.js';
import { otlpMetrics } from '../../core/observe/otlp-metrics.js';
import { OtlpPush } from '../../core/observe/otlp-push.js';
import { Poster } from '../../core/upstream/poster.js';
import { type Collector, startCollector } from '../fakes/otlp-collector.js';
import { partialAnswer, readMetrics } from '../fakes/otlp-proto.js';
import { embed, json } from '../gateway/embedded.js';
import { parseExposition } from './parse-exposition.js';

const open: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one.close();
});

async function collector(): Promise<Collector> {
  const started = await startCollector();
  open.push(started);
  return started;
}

it('a collector reads the numbers that were written, whatever labels and values', () => {
  const labels = fc.dictionary(fc.string({ minLength: 1 }), fc.string({ unit: 'grapheme' }), { maxKeys: 4 });
  const counts = fc.array(fc.nat({ max: 2 ** 31 - 1 }), { minLength: 4, maxLength: 4 });
  fc.assert(
    fc.property(
      labels,
      fc.double({ noNaN: true }),
      counts,
      fc.double({ min: 0, noNaN: true }),
      (given, value, of, sum) => {
        const names = Object.entries(given).filter(([name]) => name !== '__proto__');
        const at = Object.fromEntries(names);
        const bytes = otlpMetrics(
          [
            counter('a_seconds_total', 'A.', [{ labels: at, value }]),
            gauge('b_bytes', 'B.', [{ labels: {}, value }]),
            histogram('c', 'C.', [{ labels: at, bounds: [0.5, 1, 2.5], counts: of, sum }]),
            gauge('empty', 'None.'),
          ],
          { 'service.name': 'headgate' },
          { fromMs: 1_000, toMs: 1_764_000_000_123 },
        );
        const { resource, metrics } = readMetrics(bytes);
        expect(resource).toEqual({ 'service.name': 'headgate' });
        const times = { startMs: 1_000, timeMs: 1_764_000_000_123 };
        expect(metrics).toEqual([
          {
            name: 'a_seconds_total',
            description: 'A.',
            unit: 's',
            kind: 'sum',
            points: [{ attributes: at, ...times, value }],
          },
          {
            name: 'b_bytes',
            description: 'B.',
            unit: 'By',
            kind: 'gauge',
            points: [{ attributes: {}, ...times, startMs: 0, value }],
          },
          {
            name: 'c',
            description: 'C.',
            unit: '',
            kind: 'histogram',
            points: [
              {
                attributes: at,
                ...times,
                count: of.reduce((all, one) => all + one, 0),
                sum,
                bucketCounts: of,
                bounds: [0.5, 1, 2.5],
              },
            ],
          },
        ]);
      },
    ),
  );
});

it('an answer that says what it did not take is read; anything else is none', () => {
  expect(partialSuccess(partialAnswer(7, 'too old'))).toEqual({ rejected: 7, why: 'too old' });
  expect(partialSuccess(new Uint8Array())).toBeNull();
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      partialSuccess(bytes);
    }),
  );
});

it('what a collector refuses is told once, and pushed again with all that came since', async () => {
  const to = await collector();
  const poster = new Poster();
  open.push(poster);
  const said: string[] = [];
  let value = 1;
  const push = new OtlpPush(
    { url: `${to.url}/otlp/`, headers: { 'x-key': 'k' }, intervalMs: 60_000, timeoutMs: 20_000 },
    {
      post: (...asked) => poster.post(...asked),
      families: async () => [counter('n_total', 'N.', [{ labels: {}, value: value++ }])],
      resource: {},
      log: (level, message) => said.push(`${level} ${message}`),
    },
  );
  to.answer = { status: 503, headers: { 'retry-after': '1' } };
  await push.push();
  await push.push();
  to.answer = { status: 200, body: partialAnswer(1, 'no') };
  await push.push();
  expect(push.ok).toBe(false);
  to.answer = { status: 200 };
  await push.push();
  await push.close();
  expect(said).toEqual(['warn metrics could not be pushed', 'info metrics are taken again']);
  expect(push.counts).toEqual({ ok: 2, failed: 3, rejected: 1 });
  expect(to.pushed.map(({ metrics }) => metrics[0]?.points[0]?.value)).toEqual([1, 2, 3, 4, 5]);
  expect(to.pushed[0]).toMatchObject({ path: '/otlp/v1/metrics', headers: { 'x-key': 'k' } });
});

it('a gateway pushes all it has, budgets and threads with it, and tells the last numbers when it ends', async () => {
  const to = await collector();
  const gateway = await embed({
    config: {
      observability: {
        log_level: 'silent',
        otlp: [
          {
            url: to.url,
            headers: { authorization: 'Bearer of-the-collector' },
            traces: false,
            interval: '1s',
          },
        ],
      },
      keys: [{ name: 'ci', value: 'hg-0123456789abcdef0123456789abcdef', budgets: [{ usd: 2, per: 'day' }] }],
    },
  });
  const asked = json(
    { model: 'mock/hello', messages: [{ role: 'user', content: 'Hello' }] },
    {
      headers: {
        authorization: 'Bearer hg-0123456789abcdef0123456789abcdef',
        'content-type': 'application/json',
      },
    },
  );
  expect((await gateway.fetch('/v1/chat/completions', asked)).status).toBe(200);
  await expect.poll(() => to.pushed.length, { timeout: 30_000 }).toBeGreaterThan(0);
  expect((await gateway.fetch('/v1/chat/completions', asked)).status).toBe(200);
  const page = parseExposition(await (await gateway.fetch('/metrics')).text());
  await gateway.close();
  const last = to.pushed.at(-1)!;
  expect(last.headers.authorization).toBe('Bearer of-the-collector');
  expect(last.resource['service.name']).toBe('headgate');
  const named = (name: string) => last.metrics.find((one) => one.name === name);
  expect(named('headgate_requests_total')?.points.map(({ value }) => value)).toEqual([2]);
  expect(named('gen_ai.client.operation.duration')?.points[0]).toMatchObject({
    count: 2,
    attributes: { 'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'mock' },
  });
  // The page has the same, and what only a page has asked for is not needed there.
  const pushed = new Set(last.metrics.map(({ name }) => name.replace(/^(?!headgate_).*/, '')));
  const shown = new Set(page.map(({ name }) => name.replace(/_(bucket|sum|count)$/, '')));
  expect([...pushed].filter((name) => name !== '' && !shown.has(name))).toEqual([]);
  const budget = page.filter(({ name }) => name === 'headgate_budget_remaining_usd');
  expect(budget).toEqual([
    {
      name: 'headgate_budget_remaining_usd',
      labels: { kind: 'key', id: expect.any(String), name: 'ci', per: 'day', hard: 'true' },
      value: 2,
    },
  ]);
  const threads = page.filter(({ name }) => name === 'headgate_thread_active_seconds_total');
  expect(threads.map(({ labels }) => labels['thread'])).toEqual(['main', 'ledger']);
  expect(page.find(({ name }) => name === 'headgate_thread_heap_used_bytes')?.value).toBeGreaterThan(1e6);
});
