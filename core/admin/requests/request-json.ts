import type { SettledRecord, SettledTimings, TimeSpan, Usage } from '@headgate/sdk';
import { usdText } from '../../money.js';
import { detailOf } from '../../observe/settled-detail.js';
import type { KeptBody } from '../../store/bodies/kept-bodies.js';
import type { SessionSums } from '../../store/requests/session-sums.js';
import { iso } from '../entity-text.js';

type Json = Record<string, unknown>;

/** A request as lists tell of it. */
export function requestJson(record: SettledRecord): Json {
  return {
    id: record.id,
    time: iso(record.time),
    operation: record.operation,
    endpoint: record.format,
    stream: record.stream,
    status: record.status,
    outcome: record.outcome,
    error: record.error === '' ? null : { code: record.error, message: record.errorMessage },
    key: record.keyId,
    key_name: record.keyName,
    org: record.org,
    team: record.team,
    project: record.project,
    user: record.user,
    customer: record.customer,
    session: record.session,
    tags: record.tags,
    model: record.model,
    provider: record.provider,
    upstream_model: record.targetModel,
    attempts: record.attempts.length,
    cache: record.cache,
    finish: record.finish,
    tools: record.tools,
    usage: record.usage === null ? null : usageJson(record.usage),
    cost_usd: record.costNano === null ? null : usdText(record.costNano),
    total_ms: record.totalMs,
    first_byte_ms: record.firstByteMs,
    first_token_ms: record.firstTokenMs,
    overhead_us: record.overheadUs,
  };
}

/** All that its record says of a request. */
export function requestDetailJson(record: SettledRecord): Json {
  const { trace, timings, attempts } = detailOf(record);
  return {
    ...requestJson(record),
    plugins: record.plugins,
    answer_id: record.answerId === '' ? null : record.answerId,
    continues: record.continues === '' ? null : record.continues,
    trace: {
      trace_id: trace.traceId,
      span_id: trace.spanId,
      parent_id: trace.parentId,
      sampled: trace.sampled,
    },
    timings: timingsJson(timings),
    route: attempts.map(({ record: one, spanId, startUs, connectedUs, firstByteUs, endUs }) => ({
      provider: one.provider,
      model: one.model,
      provider_key: one.key,
      status: one.status,
      error: one.error,
      span_id: spanId,
      start_us: startUs,
      connected_us: connectedUs,
      first_byte_us: firstByteUs,
      end_us: endUs,
    })),
  };
}

/** Whole microseconds from arrival on. */
function timingsJson({ queue, guard, route, stream, ...others }: SettledTimings): Json {
  return {
    queue: spanJson(queue),
    guard: spanJson(guard),
    route: spanJson(route),
    stream: spanJson(stream),
    first_byte_us: others.firstByteUs,
    first_token_us: others.firstTokenUs,
    total_us: others.totalUs,
    overhead_us: others.overheadUs,
  };
}

function spanJson(span: TimeSpan | null): Json | null {
  return span === null ? null : { from_us: span.fromUs, to_us: span.toUs };
}

function usageJson(usage: Usage): Json {
  return {
    input_tokens: usage.inputTokens,
    output_tokens: usage.outputTokens,
    cache_read_tokens: usage.cacheReadTokens,
    cache_write_tokens: usage.cacheWriteTokens + usage.cacheWriteLongTokens,
    reasoning_tokens: usage.reasoningTokens,
    input_audio_tokens: usage.inputAudioTokens,
    output_audio_tokens: usage.outputAudioTokens,
    ...(usage.serviceTier !== undefined && { service_tier: usage.serviceTier }),
    ...(usage.units !== undefined && { units: usage.units }),
  };
}

/** One side of a request: its JSON where it is whole, otherwise its text. */
export function bodyJson({ type, bytes, truncated, whole, text }: KeptBody): Json {
  const about = { type, bytes, truncated, ...(whole && { from_events: true }) };
  if (text === null) return { ...about, content: null };
  try {
    return { ...about, content: JSON.parse(text) as unknown };
  } catch {
    return { ...about, content: text };
  }
}

export function sessionJson(sums: SessionSums): Json {
  return {
    id: sums.id,
    first_at: iso(sums.firstMs),
    last_at: iso(sums.lastMs),
    requests: sums.requests,
    errors: sums.errors,
    input_tokens: sums.inputTokens,
    output_tokens: sums.outputTokens,
    cost_usd: usdText(sums.costNano),
    models: sums.models,
    key_names: sums.keyNames,
    users: sums.users,
    customers: sums.customers,
  };
}
