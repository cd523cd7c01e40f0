import performanceHooks from 'node:perf_hooks';
import type { SettledRecord } from '@headgate/sdk';
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { exposition } from '../../core/observe/exposition.js';
import { RequestMetrics } from '../../core/observe/metrics.js';
import { ProcessMetrics } from '../../core/observe/process-metrics.js';
import { requestFamilies } from '../../core/observe/request-families.js';
import { anyRecord, attempt, settled, usage } from '../store/records.js';
import { type ParsedSample, parseExposition } from './parse-exposition.js';

async function scrape(
  records: readonly SettledRecord[],
  metrics = new RequestMetrics(),
): Promise<ParsedSample[]> {
  metrics.add(records);
  return parseExposition(await exposition(requestFamilies(metrics)));
}

function sum(samples: readonly ParsedSample[], name: string, labels: Record<string, string> = {}): number {
  return samples
    .filter(
      (one) =>
        one.name === name && Object.entries(labels).every(([label, value]) => one.labels[label] === value),
    )
    .reduce((all, one) => all + one.value, 0);
}

test('whatever the records, the page is well-formed and its sums are theirs', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyRecord, { maxLength: 60 }), async (records) => {
      const samples = await scrape(records);
      expect(sum(samples, 'headgate_requests_total')).toBe(records.length);
      expect(sum(samples, 'headgate_request_duration_seconds_count')).toBe(records.length);
      expect(sum(samples, 'headgate_overhead_seconds_count')).toBe(records.length);
      expect(sum(samples, 'headgate_attempts_total')).toBe(
        records.flatMap((record) => record.attempts).length,
      );
      const routed = records.filter((record) => record.provider !== '');
      const input = routed.reduce((all, record) => all + (record.usage?.inputTokens ?? 0), 0);
      expect(sum(samples, 'headgate_tokens_total', { kind: 'input' })).toBe(input);
      const nano = routed.reduce((all, record) => all + (record.costNano ?? 0), 0);
      expect(sum(samples, 'headgate_cost_usd_total')).toBeCloseTo(nano / 1e9, 6);
    }),
    { numRuns: 60 },
  );
});

test('labels with quotes, backslashes and line feeds survive', async () => {
  const model = 'a"b\\c\nd';
  const samples = await scrape([settled({ model })]);
  expect(sum(samples, 'headgate_requests_total', { model })).toBe(1);
});

test('each observation falls into the bucket of its bound', async () => {
  const samples = await scrape([
    settled({ totalMs: 50, firstTokenMs: 350 }),
    settled({ totalMs: 51, overheadUs: 25 }),
  ]);
  expect(sum(samples, 'headgate_request_duration_seconds_bucket', { le: '0.05' })).toBe(1);
  expect(sum(samples, 'headgate_request_duration_seconds_bucket', { le: '0.1' })).toBe(2);
  expect(sum(samples, 'headgate_time_to_first_token_seconds_bucket', { le: '0.35' })).toBe(1);
  expect(sum(samples, 'headgate_overhead_seconds_bucket', { le: '0.000025' })).toBe(1);
  expect(sum(samples, 'headgate_request_duration_seconds_sum')).toBeCloseTo(0.101);
});

test('tokens, cost, attempts and unpriced requests are told apart', async () => {
  const samples = await scrape([
    settled({
      usage: usage({ cacheReadTokens: 5, cacheWriteTokens: 2, cacheWriteLongTokens: 3, reasoningTokens: 4 }),
    }),
    settled({
      costNano: null,
      attempts: [attempt({ status: 429 }), attempt({ provider: 'groq', status: 0 })],
    }),
  ]);
  const kinds = Object.fromEntries(
    samples.flatMap((one) => (one.name === 'headgate_tokens_total' ? [[one.labels['kind'], one.value]] : [])),
  );
  expect(kinds).toEqual({ input: 200, output: 40, cache_read: 5, cache_write: 5, reasoning: 4 });
  expect(sum(samples, 'headgate_cost_usd_total', { model: 'support', provider: 'openai', key: 'ci' })).toBe(
    0.000012345,
  );
  expect(sum(samples, 'headgate_unpriced_requests_total')).toBe(1);
  expect(sum(samples, 'headgate_attempts_total', { provider: 'openai', status: '429' })).toBe(1);
  expect(sum(samples, 'headgate_attempts_total', { provider: 'groq', status: '0' })).toBe(1);
});

test('model names that clients make up do not become labels', async () => {
  const invented = Array.from({ length: 50 }, (_, i) =>
    settled({
      model: `made-up-${i}`,
      provider: '',
      status: 404,
      outcome: 'error',
      attempts: [],
      usage: null,
      costNano: null,
    }),
  );
  const samples = await scrape([...invented, settled()]);
  const models = new Set(
    samples.flatMap((one) => (one.name === 'headgate_requests_total' ? [one.labels['model']] : [])),
  );
  expect(models).toEqual(new Set(['unknown', 'support']));
  expect(sum(samples, 'headgate_requests_total', { model: 'unknown' })).toBe(50);
});

test('beyond the limit of label sets everything else is counted as other', async () => {
  const records = Array.from({ length: 40 }, (_, i) =>
    settled({
      model: i === 39 ? 'other' : `m${i}`,
      keyName: `key${i}`,
      attempts: [attempt({ model: `m${i}` })],
    }),
  );
  const samples = await scrape(records, new RequestMetrics(10, 5));
  expect(sum(samples, 'headgate_requests_total')).toBe(40);
  expect(sum(samples, 'headgate_requests_total', { model: 'other' })).toBe(30);
  expect(sum(samples, 'headgate_attempts_total', { model: 'other', provider: 'other' })).toBe(30);
  const keys = samples
    .filter((one) => one.name === 'headgate_cost_usd_total')
    .map((one) => one.labels['key']);
  expect(new Set(keys).size).toBe(6);
});

test('a page without a single request is well-formed', async () => {
  expect(await scrape([])).toEqual([]);
});

test('the process page is well-formed', async () => {
  const samples = parseExposition(await new ProcessMetrics().text());
  expect(sum(samples, 'process_resident_memory_bytes')).toBeGreaterThan(0);
});

// Every gateway that a program opened and closed left an observer of garbage collections and a timer of delays behind.
test('the process is observed once, however many gateways it opens', async () => {
  new ProcessMetrics();
  const delays = vi.spyOn(performanceHooks, 'monitorEventLoopDelay');
  const collections = vi.spyOn(performanceHooks.PerformanceObserver.prototype, 'observe');
  for (let i = 0; i < 3; i++)
    expect(await new ProcessMetrics().text()).toContain('nodejs_eventloop_lag_p99_seconds');
  expect([delays.mock.calls, collections.mock.calls]).toEqual([[], []]);
});

test('the parser itself refuses a duplicate, a broken label and a shrinking histogram', () => {
  const head = '# HELP a b\n# TYPE a counter\n';
  expect(() => parseExposition(`${head}a{x="1"} 1\na{x="1"} 2\n`)).toThrow('twice');
  expect(() => parseExposition(`${head}a{x="1"1"} 1\n`)).toThrow('label');
  expect(() => parseExposition('b 1\n')).toThrow('no TYPE');
  const histogram = '# HELP h b\n# TYPE h histogram\n';
  expect(() => parseExposition(`${histogram}h_bucket{le="1"} 2\nh_bucket{le="+Inf"} 1\n`)).toThrow(
    'not cumulative',
  );
});
