import type { SettledDetail, SpanRole, TraceOptions } from '@headgate/sdk';
import type { AttributeName } from './attribute-name.js';
import type { SpanTarget } from './span-target.js';

/** What a vendor wants to see beside the usual attributes. */
export type More = TraceOptions['attributes'];

/** A text that is told where there is one. */
export function given(to: SpanTarget, name: AttributeName, value: string): void {
  if (value !== '') to.text(name, value);
}

/** Adds what a vendor wants to see, and ends the span. @param error what went wrong in words */
export function endSpan(
  detail: SettledDetail,
  role: SpanRole,
  error: string | null,
  to: SpanTarget,
  more: More,
): void {
  const others = more?.(detail, role);
  if (others !== undefined && others !== null) {
    for (const [name, value] of Object.entries(others)) if (value !== undefined) to.other(name, value);
  }
  to.end(error);
}
