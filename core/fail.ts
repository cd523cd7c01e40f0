import { type CanonicalError, type HeaderList, headerOf } from '@headgate/sdk';
import { answerHeaders } from './answer-headers.js';
import { canonicalError, GatewayError } from './errors.js';
import type { Exchange } from './exchange.js';
import { runRefused } from './plan/run-refused.js';
import { settle } from './stages/settle.js';

/** Any stage's error exit: the client gets an error in the shape of its own API, and the request is settled. */
export function fail(x: Exchange, reason: unknown): void {
  if (reason instanceof GatewayError) {
    failWith(x, reason.canonical);
    return;
  }
  x.io.log.error('unexpected error', {
    request: x.id,
    error: reason instanceof Error ? (reason.stack ?? reason.message) : String(reason),
  });
  failWith(x, canonicalError('internal'));
}

export function failWith(x: Exchange, error: CanonicalError, headers: HeaderList | null = null): void {
  if (x.answered) return;
  const { body } = x.incoming;
  if (!body.complete && !body.tooLarge) {
    // An answer in the middle of an upload is lost by many clients: let the upload end (its size is limited) and be
    // forgotten, then answer.
    x.answered = true;
    x.io.deadlines.add(x);
    body.then(() => {
      if (x.settled) return;
      x.answered = false;
      answerError(x, error, headers);
    });
    return;
  }
  answerError(x, error, headers);
}

/** The same, without waiting for the rest of an upload. */
export function failNow(x: Exchange, error: CanonicalError): void {
  if (x.settled) return;
  x.answered = false;
  answerError(x, error, null);
}

function answerError(x: Exchange, error: CanonicalError, headers: HeaderList | null): void {
  x.error = error;
  runRefused(x, error);
  const text = x.endpoint.format.error.encode(error, x.id);
  const all = answerHeaders(x, 'application/json', headers);
  // A provider that said it itself has its word passed on.
  if (error.retryAfterMs !== undefined && headerOf(all, 'retry-after') === undefined)
    all.push('retry-after', String(Math.ceil(error.retryAfterMs / 1000)));
  answerBytes(x, error.status, all, text);
}

/** Sends a whole answer that did not come from a relay, and settles. */
export function answerBytes(
  x: Exchange,
  status: number,
  headers: HeaderList,
  body: Uint8Array | string,
): void {
  if (x.answered) return;
  x.answered = true;
  x.status = status;
  if (x.headAt === 0) x.headAt = performance.now();
  // A connection that was told to wait with its upload could not be used again.
  if (x.forward !== null) x.incoming.body.clear();
  x.incoming.sink.send(status, headers, body);
  settle(x);
}
