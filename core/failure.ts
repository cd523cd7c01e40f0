import type { CanonicalError, HeaderList, JsonObject, JsonValue } from '@headgate/sdk';
import { answerHeaders } from './answer-headers.js';
import { canonicalError } from './errors.js';
import type { Exchange } from './exchange.js';
import { answerBytes, failWith } from './fail.js';
import { passable } from './relay/hooked.js';
import type { Speech } from './route/speech.js';
import { type Cause, retryAfterMs } from './stages/judge.js';
import type { Resting } from './target-walk.js';

/** Shorter ones would hide ordinary words. */
const LEAST_SECRET = 8;

/** An attempt that was not relayed: what the client hears if no later attempt succeeds. */
export interface Failure {
  /** `unsigned`: there were no credentials to ask with. */
  cause: Cause | 'unsigned';
  headers: HeaderList;
  body: string;
  speech: Speech;
  /** The credential that was used: a provider's error may repeat it. */
  credential: string;
  /** What went wrong when there was no HTTP answer. */
  why: string;
}

/** For the ledger and the log. */
export function failureCode(failure: Failure): string {
  if (failure.cause === 'timeout') return 'provider_timeout';
  if (failure.cause === 'connection') return 'provider_unreachable';
  if (failure.cause === 'unsigned') return 'provider_credentials_unavailable';
  return `http_${failure.cause}`;
}

/** The last failure becomes the client's error, in the shape of the client's API. */
export function answerFailure(x: Exchange, failure: Failure | null): void {
  if (failure === null) {
    failWith(x, canonicalError('no_target', { model: x.model }));
    return;
  }
  const provider = x.target?.provider.id ?? '';
  const { cause, why } = failure;
  if (x.conversation?.tied === true && !isRefusal(cause)) {
    const wait = retryAfterMs(failure.headers);
    const error = canonicalError('conversation_stuck', { provider, why: why || failureCode(failure) });
    failWith(x, wait === undefined ? error : { ...error, retryAfterMs: wait });
    return;
  }
  if (cause === 'timeout') failWith(x, canonicalError('provider_timeout', { provider, why }));
  else if (cause === 'connection') failWith(x, canonicalError('provider_unreachable', { provider, why }));
  else if (cause === 'unsigned')
    failWith(x, canonicalError('provider_credentials_unavailable', { provider }));
  else if (cause === 401 || (cause === 403 && x.forward === null)) {
    // The client's own key was fine: its SDK must not tell its user otherwise. And the body may name our key.
    failWith(x, canonicalError('provider_refused_key', { provider, status: cause }));
  } else if (cause < 400) {
    // Nothing is wrong with the answer itself: a head hook did not want it.
    failWith(x, canonicalError('answer_refused', { provider }));
  } else answerHttpFailure(x, failure, cause);
}

/** No provider was asked, since those that could answer said when they may be asked again. */
export function answerResting(x: Exchange, { provider, ms }: Resting): void {
  const why = `wait for another ${Math.ceil(ms / 1000)} s`;
  const code = x.conversation?.tied === true ? 'conversation_stuck' : 'provider_rate_limited';
  failWith(x, { ...canonicalError(code, { provider, why }), retryAfterMs: ms });
}

/** The request itself was refused: another target would have been no help. */
function isRefusal(cause: Failure['cause']): boolean {
  return typeof cause === 'number' && cause < 500 && cause !== 429 && cause !== 401 && cause !== 403;
}

/** A provider's error answer in its own words where the client reads them, else in ours. */
function answerHttpFailure(x: Exchange, failure: Failure, status: number): void {
  const { format } = failure.speech;
  const body = redacted(failure, x.target?.provider.secrets ?? []);
  const decoded = format.error.decode(status, body);
  const named = status === 429 ? rateLimited(x, decoded.message) : decoded;
  const wait = retryAfterMs(failure.headers);
  const error: CanonicalError = wait === undefined ? named : { ...named, retryAfterMs: wait };
  if (!failure.speech.same || !isOwn(body, format.error.encode(error, x.id))) {
    failWith(x, error, failure.speech.same ? failure.headers : passable(failure.headers));
    return;
  }
  // The provider's own words, in the client's own format: nothing could be said better.
  x.error = error;
  answerBytes(x, status, answerHeaders(x, 'application/json', failure.headers), body);
}

/** By its code nobody takes it for a limit of the client's own key, which the gateway would have said itself. */
function rateLimited(x: Exchange, why: string): CanonicalError {
  return canonicalError('provider_rate_limited', { provider: x.target?.provider.id ?? '', why });
}

/** Providers repeat what they were sent, keys included. */
function redacted({ body, credential }: Failure, secrets: readonly string[]): string {
  let shown = body;
  for (const secret of [credential, ...secrets])
    if (secret.length >= LEAST_SECRET) shown = shown.replaceAll(secret, '***');
  return shown;
}

/** Whether it has what clients of the API read of an error, as ours has: some providers have the errors of another API. */
function isOwn(body: string, ours: string): boolean {
  try {
    return resembles(JSON.parse(body), JSON.parse(ours));
  } catch {
    return false;
  }
}

function resembles(theirs: JsonValue, ours: JsonObject): boolean {
  if (typeof theirs !== 'object' || theirs === null || Array.isArray(theirs)) return false;
  for (const name of ['error', 'message']) {
    const [one, other] = [ours[name], theirs[name]];
    if (one === undefined) continue;
    if (typeof one === 'object' ? !resembles(other ?? null, one as JsonObject) : typeof other !== typeof one)
      return false;
  }
  return true;
}
