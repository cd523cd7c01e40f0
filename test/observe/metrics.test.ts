import performanceHooks from 'node:perf_hooks';
import type { SettledRecord } from '@headgate/sdk';
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { ejectedTargets } from '../../core/observe/ejected-targets.js';
import { exposition } from '../../core/observe/exposition.js';
import { litellmFamilies } from '../../core/observe/litellm-families.js';
import { USUAL_METRICS } from '../../core/observe/metric-labels.js';
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
  return parseExposition(exposition(requestFamilies(metrics)));
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
  const samples = await scrape(
    records,
    new RequestMetrics({ ...USUAL_METRICS, maxSeries: 5 }, undefined, 10),
  );
  expect(sum(samples, 'headgate_requests_total')).toBe(40);
  expect(sum(samples, 'headgate_requests_total', { model: 'other' })).toBe(30);
  expect(sum(samples, 'headgate_attempts_total', { model: 'other', provider: 'other' })).toBe(30);
  const keys = samples
    .filter((one) => one.name === 'headgate_cost_usd_total')
    .map((one) => one.labels['key']);
  expect(new Set(keys).size).toBe(6);
  expect(sum(samples, 'headgate_metric_labels_overflowed_total', { of: 'models' })).toBe(30);
  expect(sum(samples, 'headgate_metric_labels_overflowed_total', { of: 'callers' })).toBe(35);
});

test('a flood of callers keeps the labels of where requests went', async () => {
  const flood = Array.from({ length: 3000 }, (_, i) => settled({ customer: `c${i}` }));
  const labels = ['model', 'provider', 'customer'] as const;
  const samples = await scrape(flood, new RequestMetrics({ ...USUAL_METRICS, labels, maxSeries: 100 }));
  expect(sum(samples, 'headgate_requests_total', { model: 'support', customer: 'other' })).toBe(2900);
  expect(samples.filter((one) => one.name === 'headgate_requests_total')).toHaveLength(101);
  expect(sum(samples, 'headgate_metric_labels_overflowed_total', { of: 'callers' })).toBe(2900);
});

test('labels are those that are asked for, and what others told apart is one sum', async () => {
  const records = [
    settled({ team: 'a', totalMs: 40 }),
    settled({ team: 'b', status: 500, outcome: 'error', error: 'provider_error', totalMs: 40 }),
    settled({ team: 'a', provider: 'groq' }),
  ];
  const labels = ['model', 'team'] as const;
  const metrics = new RequestMetrics({ ...USUAL_METRICS, labels, litellmNames: true });
  const samples = await scrape(records, metrics);
  const shown = samples.filter((one) => one.name === 'headgate_requests_total');
  expect(shown.map(({ labels, value }) => [labels, value])).toEqual([
    [{ model: 'support', team: 'a' }, 2],
    [{ model: 'support', team: 'b' }, 1],
  ]);
  expect(sum(samples, 'headgate_errors_total', { team: 'b', code: 'provider_error' })).toBe(1);
  const durations = samples.filter((one) => one.name === 'headgate_request_duration_seconds_count');
  expect(durations.map(({ labels, value }) => [labels, value])).toEqual([[{ model: 'support' }, 3]]);
  // Shown twice, nothing is counted twice.
  expect(await scrape([], metrics)).toEqual(samples);
});

test('metadata and callers are labels of counts, and of times where they are asked for, in a bounded number', async () => {
  const flood = Array.from({ length: 50 }, (_, i) =>
    settled({ team: i % 2 === 0 ? 'a' : 'b', metadata: { 'cost-center': `c${i}` }, totalMs: 40 }),
  );
  const metrics = new RequestMetrics({
    ...USUAL_METRICS,
    labels: ['model', 'metadata.cost-center'],
    timeLabels: ['team', 'metadata.cost-center'],
    maxSeries: 10,
    maxTimes: 20,
  });
  const samples = await scrape([...flood, settled({ metadata: { constructor: 'x' } })], metrics);
  const requests = samples.filter((one) => one.name === 'headgate_requests_total');
  expect(requests).toHaveLength(11);
  expect(sum(samples, 'headgate_requests_total', { model: 'support', metadata_cost_center: 'c3' })).toBe(1);
  expect(sum(samples, 'headgate_requests_total', { metadata_cost_center: 'other' })).toBe(41);
  const times = samples.filter((one) => one.name === 'headgate_request_duration_seconds_count');
  expect(times).toHaveLength(21);
  expect(sum(times, 'headgate_request_duration_seconds_count')).toBe(51);
  expect(
    sum(times, 'headgate_request_duration_seconds_count', { team: 'a', metadata_cost_center: 'c2' }),
  ).toBe(1);
  expect(sum(samples, 'headgate_metric_labels_overflowed_total', { of: 'times' })).toBe(31);
  // Without these labels, times of one place are one histogram, of all.
  expect(sum(times, 'headgate_request_duration_seconds_count', { team: 'other', model: 'support' })).toBe(31);
});

test("LiteLLM's names have its labels, and the same sums", async () => {
  const metrics = new RequestMetrics({
    ...USUAL_METRICS,
    labels: ['model', 'metadata.feature'],
    timeLabels: ['key_id'],
    litellmNames: true,
  });
  metrics.add([
    settled({
      team: 't',
      user: 'u',
      metadata: { feature: 'faq' },
      usage: usage({ reasoningTokens: 4, inputAudioTokens: 3 }),
    }),
    settled({ status: 502, outcome: 'error', error: 'provider_error', usage: null, costNano: null }),
    settled({ cache: 'hit-exact', provider: '', targetModel: '', attempts: [] }),
    settled({ provider: 'groq', attempts: [attempt({ status: 500 }), attempt({ provider: 'groq' })] }),
    settled({ operation: 'tool', model: 'read', provider: 'files', targetModel: 'read', attempts: [] }),
  ]);
  // Of two threads, in one of which it is a target of two models.
  const once = { provider: 'groq', model: 'llama', times: 1 };
  const gauges = [[true, true], [false]].map((outs) => ({
    in_flight_requests: 0,
    ejected: outs.map((out) => ({ ...once, out })),
  }));
  const ejected = ejectedTargets(gauges);
  expect(ejected).toEqual([{ provider: 'groq', model: 'llama', threads: 1, times: 3 }]);
  const samples = parseExposition(exposition(litellmFamilies(metrics, 2, ejected)));
  const cooled = { api_provider: 'groq', litellm_model_name: 'llama', model_id: 'groq/llama' };
  expect(sum(samples, 'litellm_deployment_cooled_down_total', cooled)).toBe(3);
  const who = {
    end_user: 'acme',
    hashed_api_key: 'k1',
    api_key_alias: 'ci',
    team: 't',
    team_alias: 't',
    user: 'u',
  };
  const target = { model_id: 'openai/gpt-4o', api_provider: 'openai', requested_model: 'support' };
  const first = samples.find(
    ({ name, labels }) => name === 'litellm_input_tokens_metric_total' && labels['user'] === 'u',
  );
  expect(first?.labels).toEqual({ ...who, ...target, model: 'gpt-4o', metadata_feature: 'faq' });
  expect(sum(samples, 'litellm_output_reasoning_tokens_metric_total', who)).toBe(4);
  expect(sum(samples, 'litellm_input_audio_tokens_metric_total')).toBe(3);
  expect(sum(samples, 'litellm_proxy_total_requests_metric_total')).toBe(5);
  expect(
    sum(samples, 'litellm_proxy_failed_requests_metric_total', {
      exception_class: 'provider_error',
      exception_status: '502',
      route: 'chat',
    }),
  ).toBe(1);
  expect(sum(samples, 'litellm_cache_hits_metric_total', { api_key_alias: 'ci', model: 'support' })).toBe(1);
  expect(sum(samples, 'litellm_cached_tokens_metric_total')).toBe(120);
  expect(
    sum(samples, 'litellm_deployment_successful_fallbacks_total', { fallback_model: 'groq/gpt-4o' }),
  ).toBe(1);
  expect(
    sum(samples, 'litellm_mcp_tool_calls_total', { mcp_server_name: 'files', mcp_tool_name: 'read' }),
  ).toBe(1);
  expect(sum(samples, 'litellm_request_total_latency_metric_count', { hashed_api_key: 'k1' })).toBe(5);
});

test('retries, fallbacks, limits hit and targets that fail are told', async () => {
  const failed = [attempt({ status: 500 }), attempt({ status: 0, error: 'provider_timeout' })];
  const samples = await scrape([
    settled({ provider: 'groq', attempts: [...failed, attempt({ provider: 'groq' })] }),
    settled({ status: 503, outcome: 'error', error: 'no_target', attempts: failed }),
    settled({ attempts: [attempt({ status: 529 })] }),
    settled({
      provider: '',
      status: 402,
      outcome: 'error',
      error: 'budget_exceeded',
      attempts: [],
      usage: null,
      costNano: null,
    }),
  ]);
  expect(sum(samples, 'headgate_retries_total', { provider: 'openai' })).toBe(2);
  expect(sum(samples, 'headgate_fallbacks_total', { provider: 'groq', outcome: 'ok' })).toBe(1);
  expect(sum(samples, 'headgate_limits_hit_total', { key: 'ci', code: 'budget_exceeded' })).toBe(1);
  expect(sum(samples, 'headgate_target_failures_in_row', { provider: 'openai' })).toBe(5);
  expect(sum(samples, 'headgate_target_failing', { provider: 'openai' })).toBe(1);
  expect(sum(samples, 'headgate_target_failing', { provider: 'groq' })).toBe(0);
  expect(sum(samples, 'headgate_attempt_duration_seconds_count', { provider: 'openai' })).toBe(5);
});

test('the time of a token is that of those after the first', async () => {
  const samples = await scrape([
    settled({ totalMs: 1200, firstTokenMs: 200, usage: usage({ outputTokens: 101 }) }),
    settled({ totalMs: 1200, firstTokenMs: 200, usage: usage({ outputTokens: 1 }) }),
  ]);
  expect(sum(samples, 'headgate_time_per_output_token_seconds_sum')).toBeCloseTo(0.01);
  expect(sum(samples, 'headgate_time_per_output_token_seconds_count')).toBe(1);
});

test('a page without a single request is well-formed', async () => {
  const samples = await scrape([]);
  expect(new Set(samples.map(({ name, value }) => `${name} ${value}`))).toEqual(
    new Set(['headgate_metric_labels_overflowed_total 0']),
  );
});

test('the process page is well-formed', async () => {
  const samples = parseExposition(exposition(await new ProcessMetrics().families()));
  expect(sum(samples, 'process_resident_memory_bytes')).toBeGreaterThan(0);
});

// Every gateway that a program opened and closed left an observer of garbage collections and a timer of delays behind.
test('the process is observed once, however many gateways it opens', async () => {
  new ProcessMetrics();
  const delays = vi.spyOn(performanceHooks, 'monitorEventLoopDelay');
  const collections = vi.spyOn(performanceHooks.PerformanceObserver.prototype, 'observe');
  for (let i = 0; i < 3; i++)
    expect(exposition(await new ProcessMetrics().families())).toContain('nodejs_eventloop_lag_p99_seconds');
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
