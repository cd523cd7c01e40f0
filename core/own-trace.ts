import type { HeaderList } from '@headgate/sdk';
import type { Exchange } from './exchange.js';
import { attemptSpan, traceOf, tracePart } from './observe/trace-context.js';
import { setHeader } from './set-header.js';

/** What providers are told of traces: what the client said, where the gateway's own span of the attempt is, or nothing. */
export const TRACE_WORDS = ['pass', 'own', 'off'] as const;
export type TraceWord = (typeof TRACE_WORDS)[number];

/**
 * The headers of an attempt with W3C context of its own span, as the trace will have it that is told of the request; `tracestate`
 * stays the client's. For the attempt that begins: those before it are in the book.
 */
export function withOwnTrace(x: Exchange, headers: HeaderList): HeaderList {
  const { traceId, spanId, sampled } = traceOf({ id: x.id, trace: tracePart(x.header('traceparent')) });
  const value = `00-${traceId}-${attemptSpan(spanId, x.attempts.length)}-${sampled ? '01' : '00'}`;
  // Those of providers with fixed headers are shared between requests.
  const own = [...headers];
  setHeader(own, 'traceparent', value);
  return own;
}
