import type { SpanAttributes, SpanValue } from '@headgate/sdk';
import type { AttributeName } from './attribute-name.js';
import type { SpanHead, SpanTarget } from './span-target.js';

interface KeyValue {
  readonly key: string;
  readonly value: Record<string, unknown>;
}

type Value = Exclude<SpanValue, undefined>;

/**
 * Spans as JSON: ids as hex digits, whole numbers of 64 bits as texts, kinds as numbers, see
 * https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding.
 */
export class SpanJson implements SpanTarget {
  private readonly spans: unknown[] = [];
  private head: Record<string, unknown> = {};
  private attributes: KeyValue[] = [];

  begin({ traceId, spanId, parentId, name, kind, startUs, endUs }: SpanHead): void {
    this.attributes = [];
    this.head = {
      traceId,
      spanId,
      ...(parentId !== null && { parentSpanId: parentId }),
      name,
      kind,
      startTimeUnixNano: `${startUs}000`,
      endTimeUnixNano: `${endUs}000`,
      attributes: this.attributes,
    };
  }

  text({ text }: AttributeName, value: string): void {
    this.other(text, value);
  }

  number({ text }: AttributeName, value: number): void {
    this.other(text, value);
  }

  flag({ text }: AttributeName, value: boolean): void {
    this.other(text, value);
  }

  texts({ text }: AttributeName, value: readonly string[]): void {
    this.other(text, value);
  }

  other(name: string, value: Value): void {
    this.attributes.push({ key: name, value: anyValue(value) });
  }

  end(error: string | null): void {
    this.spans.push(error === null ? this.head : { ...this.head, status: { code: 2, message: error } });
  }

  /** @param scope what made the spans */
  take(resource: SpanAttributes, scope: string): string {
    const attributes = Object.entries(resource).flatMap(([key, value]) =>
      value === undefined ? [] : { key, value: anyValue(value) },
    );
    return JSON.stringify({
      resourceSpans: [
        { resource: { attributes }, scopeSpans: [{ scope: { name: scope }, spans: this.spans }] },
      ],
    });
  }
}

function anyValue(value: Value): Record<string, unknown> {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'number')
    return Number.isSafeInteger(value) && value >= 0 ? { intValue: String(value) } : { doubleValue: value };
  return { arrayValue: { values: value.map((one) => ({ stringValue: one })) } };
}
