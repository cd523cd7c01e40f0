import type { SpanRole, SpanValue } from '@headgate/sdk';

/** `SpanKind` of OTLP. */
export const SPAN_KIND = { internal: 1, server: 2, client: 3 } as const;

/** A span before it is written for anybody. */
export interface Span {
  /** 32 and 16 hex digits. */
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId: string | null;
  readonly name: string;
  readonly kind: (typeof SPAN_KIND)[keyof typeof SPAN_KIND];
  readonly role: SpanRole;
  /** Microseconds since 1970, whole: less than 2^53 for some 250 years. */
  readonly startUs: number;
  readonly endUs: number;
  /** Name, value, name, value, …; undefined ones are left out. */
  readonly attributes: SpanValue[];
  /** What went wrong in words; null when all went well. */
  readonly error: string | null;
}
