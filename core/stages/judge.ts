import { type HeaderList, headerOf, type Verdict } from '@headgate/sdk';
import { LIMITED_REST_MS, type ProviderKey, REFUSED_REST_MS } from '../route/key-ring.js';
import type { Retries } from '../route/target.js';

/** What came of an attempt: an HTTP status, or none because of a time-out or a connection. */
export type Cause = number | 'timeout' | 'connection';

export interface Judged {
  readonly retries: Retries;
  readonly key: ProviderKey;
  /** The provider's name of the model that was asked for; '' when there was none. */
  readonly model: string;
  /** Another credential of the provider could be tried. */
  readonly otherKey: boolean;
  /** Tries at this target so far, this one included. */
  readonly tries: number;
  readonly now: number;
  readonly random: () => number;
}

/**
 * Stage 13. Relay, retry, next target or fail, from the head of the answer alone. A refused or rate-limited credential
 * rests, and another one of the provider is tried at once.
 */
export function judge(cause: Cause, headers: HeaderList, given: Judged): Verdict {
  const { retries, key, now } = given;
  if (typeof cause === 'number' && cause < 400) return { action: 'relay' };
  if (cause === 401 || cause === 403) {
    key.restsUntil = now + REFUSED_REST_MS;
    return given.otherKey ? { action: 'retry', delayMs: 0 } : { action: 'next' };
  }
  const asked = retryAfterMs(headers);
  if (cause === 429) {
    // Limits are those of a model, or of a path: what names no model says nothing of other such requests.
    if (asked === undefined || given.model === '') key.restsUntil = now + LIMITED_REST_MS;
    else key.limit(given.model, now, asked);
    if (given.otherKey) return { action: 'retry', delayMs: 0 };
  }
  if (!worthRetrying(cause, retries)) return { action: 'fail' };
  if (given.tries >= retries.attempts) return { action: 'next' };
  // The provider's own word counts, but nobody should wait longer than the config allows.
  const delayMs = asked ?? backoff(given);
  return delayMs > retries.backoffMaxMs ? { action: 'next' } : { action: 'retry', delayMs };
}

function worthRetrying(cause: Cause, retries: Retries): boolean {
  if (cause === 'timeout') return retries.onTimeout;
  if (cause === 'connection') return retries.onConnection;
  return retries.statuses.has(cause);
}

/** Doubles with each try, with full jitter over its upper half, so that many clients do not come back together. */
function backoff({ retries, tries, random }: Judged): number {
  const full = Math.min(retries.backoffMaxMs, retries.backoffInitialMs * 2 ** (tries - 1));
  return full / 2 + (full / 2) * random();
}

/** Milliseconds of `retry-after-ms`, or of `retry-after` as seconds or a date; undefined when neither makes sense. */
export function retryAfterMs(headers: HeaderList): number | undefined {
  const exact = Number(headerOf(headers, 'retry-after-ms') ?? Number.NaN);
  if (Number.isFinite(exact) && exact >= 0) return exact;
  const text = headerOf(headers, 'retry-after');
  if (text === undefined) return undefined;
  const seconds = Number(text);
  if (Number.isFinite(seconds)) return seconds >= 0 ? seconds * 1000 : undefined;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}
