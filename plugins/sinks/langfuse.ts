import type { SettledDetail, SinkAnswer, SinkRow, SinkVerdict } from '@headgate/sdk';
import { chatOf } from './chat-content.js';
import { jsonOf, listIn } from './json-answer.js';
import { basic } from './otlp-row.js';
import { costOf, withMetadata } from './record-json.js';
import { address, secret } from './setting.js';

type Json = Record<string, unknown>;

/**
 * Langfuse by its public ingestion API: https://api.reference.langfuse.com/#tag/ingestion. Batches of at most 3.5 MB; the answer is
 * 207 with what became of each event, whatever became of them.
 */
export const langfuse: SinkRow = {
  id: 'langfuse',
  title: 'Langfuse',
  docs: 'https://api.reference.langfuse.com/#tag/ingestion',
  sends: 'http',
  settings: {
    public_key: secret('public key of the project', 'LANGFUSE_PUBLIC_KEY'),
    secret_key: secret('secret key of the project', 'LANGFUSE_SECRET_KEY'),
    host: address('address of Langfuse', 'https://cloud.langfuse.com', 'LANGFUSE_BASE_URL', 'LANGFUSE_HOST'),
    environment: { type: 'text', about: 'environment that traces are told apart by', default: 'default' },
  },
  batch: { records: 200 },
  open(values, host) {
    const url = `${values.text('host')}/api/public/ingestion`;
    const headers = {
      'content-type': 'application/json',
      ...basic(values.text('public_key'), values.text('secret_key')),
    };
    const environment = values.text('environment');
    return {
      async send(details) {
        const batch = details.flatMap((detail) => eventsOf(detail, environment));
        const body = JSON.stringify({
          batch,
          metadata: { sdk_name: 'headgate', batch_size: batch.length },
        });
        const answer = await host.post({ url, headers, body });
        return answer.status === 207 ? judge(answer, details) : host.judge(answer);
      },
    };
  },
};

/**
 * A trace, what the model did as a generation, calls of tools as spans. Ids are those of the trace and its spans, ids of events
 * are made of them, so that what is told twice is one.
 */
function eventsOf(detail: SettledDetail, environment: string): Json[] {
  const { record, trace, timings } = detail;
  const start = new Date(record.time).toISOString();
  const end = new Date(record.time + timings.totalUs / 1000).toISOString();
  const event = (type: string, body: Json): Json => ({
    id: `${trace.spanId}-${type}`,
    type,
    timestamp: end,
    body: { environment, ...body },
  });
  const own = {
    request_id: record.id,
    key: record.keyName,
    org: record.org,
    team: record.team,
    project: record.project,
    user: record.user,
    customer: record.customer,
    cache: record.cache,
    provider: record.provider,
    attempts: record.attempts.map(({ provider, model, status, error, ms }) => ({
      provider,
      model,
      status,
      error,
      ms,
    })),
  };
  const metadata = withMetadata(own, record.metadata);
  const content = detail.content === undefined ? {} : chatOf(detail.content);
  // Rounds and calls of tools of a run are in the trace of the run, which has an event of its own.
  const outer = record.id.includes('.')
    ? []
    : [
        event('trace-create', {
          id: trace.traceId,
          timestamp: start,
          name: record.model || record.operation,
          userId: record.customer || record.user || null,
          sessionId: record.session || null,
          tags: record.tags,
          metadata,
          ...content,
        }),
      ];
  const failed = record.outcome !== 'ok';
  const common = {
    id: trace.spanId,
    traceId: trace.traceId,
    // A span of the client is not known to Langfuse.
    parentObservationId: record.id.includes('.') ? trace.parentId : null,
    startTime: start,
    endTime: end,
    metadata,
    level: failed ? 'ERROR' : 'DEFAULT',
    statusMessage: failed ? record.errorMessage || record.error || record.outcome : null,
  };
  if (record.operation === 'tool')
    return [...outer, event('span-create', { ...common, name: `execute_tool ${record.targetModel}` })];
  if (record.operation === 'run')
    return [...outer, event('span-create', { ...common, name: `invoke_agent ${record.model}` })];
  const firstToken = timings.firstTokenUs;
  return [
    ...outer,
    event('generation-create', {
      ...common,
      name: `${record.operation} ${record.model}`,
      model: record.targetModel || record.model,
      modelParameters: { stream: record.stream },
      ...content,
      completionStartTime:
        firstToken === null ? null : new Date(record.time + firstToken / 1000).toISOString(),
      ...(record.usage !== null && { usageDetails: usageDetails(record.usage) }),
      ...(record.costNano !== null && { costDetails: { total: costOf(record.costNano) } }),
    }),
  ];
}

/** Parts that do not overlap, so that their sum is the total: https://langfuse.com/docs/model-usage-and-cost. */
function usageDetails(usage: NonNullable<SettledDetail['record']['usage']>): Record<string, number> {
  const written = usage.cacheWriteTokens + usage.cacheWriteLongTokens;
  const details: Record<string, number> = {
    input: Math.max(0, usage.inputTokens - usage.cacheReadTokens - written),
    output: Math.max(0, usage.outputTokens - usage.reasoningTokens),
    total: usage.inputTokens + usage.outputTokens,
  };
  if (usage.cacheReadTokens > 0) details['input_cached_tokens'] = usage.cacheReadTokens;
  if (written > 0) details['input_cache_creation'] = written;
  if (usage.reasoningTokens > 0) details['output_reasoning_tokens'] = usage.reasoningTokens;
  return details;
}

/** 207: each event has a status of its own. */
function judge(answer: SinkAnswer, details: readonly SettledDetail[]): SinkVerdict {
  const json = jsonOf(answer);
  // Of fewer records it may be short enough.
  if (!Array.isArray(json['errors'])) return { kind: 'refused', why: 'its answer cannot be read' };
  const errors = listIn(json, 'errors');
  if (errors.length === 0) return { kind: 'taken' };
  const again = new Set<number>();
  const refused = new Set<number>();
  let unknown = 0;
  const places = new Map(details.map(({ trace }, i) => [trace.spanId, i]));
  for (const { id, status } of errors) {
    const place = places.get(String(id).slice(0, 16));
    if (place === undefined) {
      unknown++;
      continue;
    }
    const code = Number(status);
    if (code >= 500 || code === 429) again.add(place);
    else refused.add(place);
  }
  const [first] = errors;
  const why = `it did not take ${errors.length} events: ${String(first?.['message'] ?? first?.['error'] ?? '')}`;
  for (const place of refused) again.delete(place);
  return again.size === 0
    ? { kind: 'taken', refused: refused.size + unknown, why }
    : { kind: 'later', why, only: [...again], refused: refused.size + unknown };
}
