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

export function costOf(nano: number | null): number | null {
  return nano === null ? null : nano / NANO;
}
