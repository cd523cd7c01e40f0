import type { SpanAttributes, SpanValue } from '@headgate/sdk';
import type { Span } from './span.js';

interface KeyValue {
  key: string;
  value: Record<string, unknown>;
}

/**
 * The same spans as JSON: ids as hex digits, whole numbers of 64 bits as texts, kinds as numbers, see
 * https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding.
 */
export function spansJson(spans: Iterable<Span>, resource: SpanAttributes, scope: string): string {
  return JSON.stringify({
    resourceSpans: [
      {
        resource: { attributes: keyValues(Object.entries(resource).flat() as SpanValue[]) },
        scopeSpans: [{ scope: { name: scope }, spans: Array.from(spans, spanJson) }],
      },
    ],
  });
}

function spanJson(span: Span): Record<string, unknown> {
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    ...(span.parentId !== null && { parentSpanId: span.parentId }),
    name: span.name,
    kind: span.kind,
    startTimeUnixNano: `${span.startUs}000`,
    endTimeUnixNano: `${span.endUs}000`,
    attributes: keyValues(span.attributes),
    ...(span.error !== null && { status: { code: 2, message: span.error } }),
  };
}

function keyValues(flat: readonly SpanValue[]): KeyValue[] {
  const pairs: KeyValue[] = [];
  for (let i = 0; i < flat.length; i += 2) {
    const value = flat[i + 1];
    if (value !== undefined) pairs.push({ key: flat[i] as string, value: anyValue(value) });
  }
  return pairs;
}

function anyValue(value: Exclude<SpanValue, undefined>): Record<string, unknown> {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'number')
    return Number.isSafeInteger(value) && value >= 0 ? { intValue: String(value) } : { doubleValue: value };
  return { arrayValue: { values: value.map((one) => ({ stringValue: one })) } };
}
