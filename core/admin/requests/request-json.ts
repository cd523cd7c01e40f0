import {
  RECORD_FIELD_NAMES,
  type RecordFieldName,
  recordRow,
  type SettledRecord,
  type SettledTimings,
  type TimeSpan,
} from '@headgate/sdk';
import { usdText } from '../../money.js';
import { detailOf } from '../../observe/settled-detail.js';
import type { KeptBody } from '../../store/bodies/kept-bodies.js';
import type { SessionSums } from '../../store/requests/session-sums.js';
import { iso } from '../entity-text.js';

type Json = Record<string, unknown>;

const EXACT = { time: iso, nano: usdText };
/** What lists tell of tokens in a level of its own. */
const USAGE = [
  'input_tokens',
  'output_tokens',
  'cache_read_tokens',
  'cache_write_tokens',
  'reasoning_tokens',
  'input_audio_tokens',
  'output_audio_tokens',
] as const satisfies readonly RecordFieldName[];

const APART: ReadonlySet<string> = new Set([...USAGE, 'error', 'error_message']);
const PLAIN = RECORD_FIELD_NAMES.filter((name) => !APART.has(name));

/** A request as lists tell of it: the fields that it has everywhere, errors and usage in levels of their own. */
export function requestJson(record: SettledRecord): Json {
  const row: Json = recordRow(record, EXACT, PLAIN);
  row['error'] = record.error === '' ? null : { code: record.error, message: record.errorMessage };
  row['usage'] = usageJson(record);
  return row;
}

function usageJson(record: SettledRecord): Json | null {
  if (record.usage === null) return null;
  const { serviceTier, units } = record.usage;
  const usage: Json = recordRow(record, EXACT, USAGE);
  if (serviceTier !== undefined) usage['service_tier'] = serviceTier;
  if (units !== undefined) usage['units'] = units;
  return usage;
}

/** All that its record says of a request. */
export function requestDetailJson(record: SettledRecord): Json {
  const { trace, timings, attempts, hooks } = detailOf(record);
  return {
    ...requestJson(record),
    answer_id: record.answerId === '' ? null : record.answerId,
    continues: record.continues === '' ? null : record.continues,
    trace: {
      trace_id: trace.traceId,
      span_id: trace.spanId,
      parent_id: trace.parentId,
      sampled: trace.sampled,
    },
    timings: timingsJson(timings),
    passed_over: record.passedOver,
    hooks: hooks.map(({ record: one, span, busyUs }) => ({
      plugin: one.plugin,
      phase: one.phase,
      outcome: one.outcome,
      from_us: span.fromUs,
      to_us: span.toUs,
      busy_us: busyUs,
      calls: one.calls,
    })),
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

/** One side of a request: its JSON where it is whole, otherwise its text. */
export function bodyJson({ type, bytes, truncated, whole, redacted, text }: KeptBody): Json {
  const about = {
    type,
    bytes,
    truncated,
    ...(whole && { from_events: true }),
    ...(redacted === true && { redacted }),
  };
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
