import type { SettledDetail, SinkAnswer, SinkHost, SinkRow, SinkVerdict } from '@headgate/sdk';
import { chatOf } from './chat-content.js';
import { jsonOf } from './json-answer.js';
import { costOf, withMetadata } from './record-json.js';
import { optional, secret } from './setting.js';

type Json = Record<string, unknown>;

const site = {
  api_key: secret('API key', 'DD_API_KEY'),
  site: { type: 'text', about: 'site', default: 'datadoghq.com', env: ['DD_SITE'] },
  url: { type: 'url', about: 'in place of `https://api.SITE`' },
} as const;

/** Datadog's observability for models: https://docs.datadoghq.com/llm_observability/instrumentation/api/. */
export const datadog: SinkRow = {
  id: 'datadog',
  title: 'Datadog LLM Observability',
  docs: 'https://docs.datadoghq.com/llm_observability/instrumentation/api/',
  sends: 'http',
  settings: { ...site, ml_app: optional('application that spans belong to', 'headgate') },
  batch: { records: 100 },
  open(values, host) {
    const url = `${baseOf(values)}/api/intake/llm-obs/v1/trace/spans`;
    const headers = { 'content-type': 'application/json', 'dd-api-key': values.text('api_key') };
    return {
      async send(details) {
        const spans = details.map(spanOf);
        const attributes = { ml_app: values.text('ml_app'), spans, tags: [] };
        const body = JSON.stringify({ data: { type: 'span', attributes } });
        return judge(await host.post({ url, headers, body }), details.length, host);
      },
    };
  },
};

const KINDS: Readonly<Record<string, string>> = {
  tool: 'tool',
  run: 'agent',
  embedding: 'embedding',
  rerank: 'retrieval',
};

function spanOf({ record, trace, timings, content }: SettledDetail): Json {
  const { usage } = record;
  const chat = content === undefined ? null : chatOf(content);
  return {
    // What the API wants to see where there is no parent.
    parent_id: trace.parentId ?? 'undefined',
    trace_id: trace.traceId,
    span_id: trace.spanId,
    name: `${record.operation} ${record.model}`,
    start_ns: record.time * 1_000_000,
    duration: timings.totalUs * 1000,
    status: record.outcome === 'ok' ? 'ok' : 'error',
    ...(record.session !== '' && { session_id: record.session }),
    tags: tagsOf(record),
    meta: {
      kind: KINDS[record.operation] ?? 'llm',
      metadata: withMetadata(
        {
          model_name: record.targetModel || record.model,
          model_provider: record.provider,
          cache: record.cache,
        },
        record.metadata,
      ),
      ...(chat !== null && { input: { messages: chat.input }, output: { messages: chat.output } }),
      ...(record.outcome !== 'ok' && {
        error: { type: record.error || record.outcome, message: record.errorMessage },
      }),
    },
    metrics: {
      ...(usage !== null && {
        input_tokens: usage.inputTokens,
        output_tokens: usage.outputTokens,
        total_tokens: usage.inputTokens + usage.outputTokens,
        cache_read_input_tokens: usage.cacheReadTokens,
      }),
      ...(timings.firstTokenUs !== null && { time_to_first_token: timings.firstTokenUs / 1e6 }),
      ...(record.costNano !== null && { total_cost: costOf(record.costNano) }),
    },
  };
}

function tagsOf(record: SettledDetail['record']): string[] {
  const tags: [string, string][] = [
    ['model', record.model],
    ['provider', record.provider],
    ['key', record.keyName],
    ['org', record.org],
    ['team', record.team],
    ['customer', record.customer],
    ['user_id', record.user],
  ];
  return [
    'service:headgate',
    ...tags.filter(([, value]) => value !== '').map(([name, value]) => `${name}:${value}`),
    ...record.tags,
  ];
}

/** Counts and distributions of requests, as series: https://docs.datadoghq.com/api/latest/metrics/#submit-metrics. */
export const datadogMetrics: SinkRow = {
  id: 'datadog-metrics',
  title: 'Datadog metrics',
  docs: 'https://docs.datadoghq.com/api/latest/metrics/#submit-metrics',
  sends: 'http',
  settings: site,
  batch: { records: 1000, waitMs: 10_000 },
  open(values, host) {
    const url = `${baseOf(values)}/api/v2/series`;
    const headers = { 'content-type': 'application/json', 'dd-api-key': values.text('api_key') };
    return {
      async send(details) {
        const body = JSON.stringify({ series: seriesOf(details, host.instance) });
        return judge(await host.post({ url, headers, body }, true), details.length, host);
      },
    };
  },
};

const COUNT = 1;

/** What a batch adds to each count. One that is told twice counts twice: series have no ids. */
function seriesOf(details: readonly SettledDetail[], instance: string): Json[] {
  const sums = new Map<string, { metric: string; tags: string[]; value: number; at: number }>();
  const add = (metric: string, tags: string[], at: number, value: number): void => {
    const id = `${metric} ${tags.join(',')}`;
    const sum = sums.get(id);
    if (sum === undefined) sums.set(id, { metric, tags, value, at });
    else {
      sum.value += value;
      sum.at = Math.max(sum.at, at);
    }
  };
  for (const { record } of details) {
    const at = Math.floor((record.time + record.totalMs) / 1000);
    const tags = [`model:${record.model}`, `provider:${record.provider}`, `outcome:${record.outcome}`];
    add('headgate.requests', tags, at, 1);
    add('headgate.duration_ms', tags, at, record.totalMs);
    add('headgate.cost_usd', tags, at, costOf(record.costNano) ?? 0);
    add('headgate.tokens.input', tags, at, record.usage?.inputTokens ?? 0);
    add('headgate.tokens.output', tags, at, record.usage?.outputTokens ?? 0);
  }
  return [...sums.values()].map(({ metric, tags, value, at }) => ({
    metric,
    type: COUNT,
    points: [{ timestamp: at, value }],
    resources: [{ name: instance, type: 'host' }],
    tags: ['service:headgate', ...tags],
  }));
}

/** 202 with `errors`: something of it was not taken, of which it is not told what. */
function judge(answer: SinkAnswer, records: number, host: SinkHost): SinkVerdict {
  const verdict = host.judge(answer);
  const { errors } = jsonOf(answer);
  if (verdict.kind !== 'taken' || !Array.isArray(errors) || errors.length === 0) return verdict;
  const [first] = errors as unknown[];
  const why = typeof first === 'string' ? first : JSON.stringify(first);
  return { kind: 'taken', refused: Math.min(errors.length, records), why: `it did not take all: ${why}` };
}

function baseOf(values: { text(name: string): string }): string {
  return values.text('url') || `https://api.${values.text('site')}`;
}
