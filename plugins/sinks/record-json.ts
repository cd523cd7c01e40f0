import type { SettledDetail, Usage } from '@headgate/sdk';

const NANO = 1e9;

/**
 * A settled request as JSON of one level of names and the attempts: what objects, messages, lines and webhooks hold. The names are
 * those of `/api/requests`.
 */
export function recordJson({ record, trace, timings, attempts }: SettledDetail): Record<string, unknown> {
  return {
    id: record.id,
    time: new Date(record.time).toISOString(),
    operation: record.operation,
    endpoint: record.format,
    stream: record.stream,
    status: record.status,
    outcome: record.outcome,
    error: record.error === '' ? null : record.error,
    error_message: record.errorMessage === '' ? null : record.errorMessage,
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
    cache: record.cache,
    finish: record.finish,
    tools: record.tools,
    ...usageJson(record.usage),
    cost_usd: costOf(record.costNano),
    total_ms: timings.totalUs / 1000,
    first_byte_ms: msOf(timings.firstByteUs),
    first_token_ms: msOf(timings.firstTokenUs),
    overhead_us: timings.overheadUs,
    trace_id: trace.traceId,
    span_id: trace.spanId,
    parent_id: trace.parentId,
    attempts: attempts.map(({ record: one, startUs, endUs }) => ({
      provider: one.provider,
      model: one.model,
      provider_key: one.key,
      status: one.status,
      error: one.error,
      start_ms: startUs / 1000,
      ms: (endUs - startUs) / 1000,
    })),
  };
}

/** One record a line. */
export function jsonLines(details: readonly SettledDetail[]): string {
  return details.map((detail) => `${JSON.stringify(recordJson(detail))}\n`).join('');
}

export function costOf(nano: number | null): number | null {
  return nano === null ? null : nano / NANO;
}

/** Milliseconds, or null. */
function msOf(us: number | null): number | null {
  return us === null ? null : us / 1000;
}

function usageJson(usage: Usage | null): Record<string, number | null> {
  return {
    input_tokens: usage?.inputTokens ?? null,
    output_tokens: usage?.outputTokens ?? null,
    cache_read_tokens: usage?.cacheReadTokens ?? null,
    cache_write_tokens: usage === null ? null : usage.cacheWriteTokens + usage.cacheWriteLongTokens,
    reasoning_tokens: usage?.reasoningTokens ?? null,
  };
}
