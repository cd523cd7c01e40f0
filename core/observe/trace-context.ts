import { hash } from 'node:crypto';
import type { TraceContext } from '@headgate/sdk';

/** Version, trace, span and flags: https://www.w3.org/TR/trace-context/#traceparent-header */
const TRACEPARENT = /^(?!ff)[\da-f]{2}-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-[\da-f]{2}$/;

/** The client's header as a record keeps it: `''` when there is none, or it is none. */
export function tracePart(header: string | undefined): string {
  return header !== undefined && header.length === 55 && TRACEPARENT.test(header) ? header : '';
}

/**
 * The same for the same record, whoever asks and however often: the ids that a client did not give are made of the id of the
 * request, so that they need not be kept. Rounds of a run (`req_….1`) are in the trace of the run and below its span.
 */
export function traceOf({ id, trace }: { readonly id: string; readonly trace: string }): TraceContext {
  const dot = id.indexOf('.');
  const ofRun = digest(dot === -1 ? id : id.slice(0, dot));
  const [, traceId = ofRun.slice(0, 32), parent = null, flags = '01'] = trace === '' ? [] : trace.split('-');
  return {
    traceId,
    spanId: dot === -1 ? spanIn(ofRun) : spanIn(digest(id)),
    parentId: dot === -1 ? parent : spanIn(ofRun),
    sampled: (Number.parseInt(flags, 16) & 1) === 1,
  };
}

/**
 * Span of one of the attempts of a request, from 0, by the span of the request: the first two digits are others. A request has not
 * as many attempts as would come round.
 */
export function attemptSpan(spanId: string, attempt: number): string {
  const first = Number.parseInt(spanId.slice(0, 2), 16) ^ ((attempt + 1) & 0xff);
  return `${first < 16 ? '0' : ''}${first.toString(16)}${spanId.slice(2)}`;
}

function spanIn(digits: string): string {
  return digits.slice(32, 48);
}

function digest(text: string): string {
  return hash('sha256', text, 'hex');
}
