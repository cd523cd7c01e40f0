import type { SpanValue } from '@headgate/sdk';
import type { AttributeName } from './attribute-name.js';

/** `SpanKind` of OTLP. */
export const SPAN_KIND = { internal: 1, server: 2, client: 3 } as const;

/** What a span begins with. */
export interface SpanHead {
  /** 32 and 16 hex digits. */
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId: string | null;
  readonly name: string;
  readonly kind: (typeof SPAN_KIND)[keyof typeof SPAN_KIND];
  /** Microseconds since 1970, whole: less than 2^53 for some 250 years. */
  readonly startUs: number;
  readonly endUs: number;
}

/** Where spans are written, one after the other: as they come, since a request has three with a dozen attributes each. */
export interface SpanTarget {
  begin(head: SpanHead): void;
  text(name: AttributeName, value: string): void;
  number(name: AttributeName, value: number): void;
  flag(name: AttributeName, value: boolean): void;
  texts(name: AttributeName, value: readonly string[]): void;
  /** One that somebody else has named. */
  other(name: string, value: Exclude<SpanValue, undefined>): void;
  /** @param error what went wrong in words; null when all went well */
  end(error: string | null): void;
}
