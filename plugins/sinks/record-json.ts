import { recordRow, type SettledDetail } from '@headgate/sdk';

const NANO = 1e9;
const AS_NUMBERS = { time: (ms: number) => new Date(ms).toISOString(), nano: costOf };

/** A settled request as JSON of one level of names and the attempts: what objects, messages, lines and webhooks hold. */
export function recordJson({ record, trace, attempts, content }: SettledDetail): Record<string, unknown> {
  return {
    ...recordRow(record, AS_NUMBERS),
    error: record.error === '' ? null : record.error,
    error_message: record.errorMessage === '' ? null : record.errorMessage,
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
    ...(content !== undefined && { content }),
  };
}

/** One record a line. */
export function jsonLines(details: readonly SettledDetail[]): string {
  return details.map((detail) => `${JSON.stringify(recordJson(detail))}\n`).join('');
}

/**
 * What a vendor shows beside a request, and beside it what the caller said of it. Where both have the same name, in whatever case, the
 * caller's goes by `metadata.NAME`: neither is lost, and neither passes for the other.
 */
export function withMetadata(
  own: Readonly<Record<string, unknown>>,
  metadata: Readonly<Record<string, string>>,
): Record<string, unknown> {
  const said = Object.entries(metadata);
  if (said.length === 0) return own;
  const taken = new Set(Object.keys(own).map((name) => name.toLowerCase()));
  return {
    ...own,
    ...Object.fromEntries(
      said.map(([name, value]) => [taken.has(name.toLowerCase()) ? `metadata.${name}` : name, value]),
    ),
  };
}

export function costOf(nano: number | null): number | null {
  return nano === null ? null : nano / NANO;
}
