import { createHash } from 'node:crypto';
import type { Control } from '../control.js';
import { factsOf, type KeyFacts, type VirtualKey, virtualKey } from '../identity/virtual-key.js';

/** A short-lived secret that a provider made for one of our keys, to be used by a browser in its place. */
export interface ClientSecret {
  /** Whose it is. */
  readonly principal: VirtualKey;
  /** The provider that made it: no other knows it. */
  readonly provider: string;
  /** Name of that provider's key that it was made with. */
  readonly key: string;
  /** Public model it was made for; '' when the request named none. */
  readonly model: string;
}

/** As it is kept: functions cannot be shared between threads. */
interface Kept extends Pick<ClientSecret, 'provider' | 'key' | 'model'> {
  readonly principal: KeyFacts;
}

/** No provider's secret lives longer. */
const MOST_MS = 24 * 3_600_000;

/**
 * Remembers the secret in a provider's answer to a request for one (`/v1/realtime/client_secrets`, `/sessions`,
 * `/transcription_sessions`; Gemini's `auth_tokens`) until it expires, for all threads, so that its bearer is taken for the key that asked for it.
 * Does nothing when the answer holds none. Must be done before the answer is passed on.
 */
export async function rememberClientSecret(
  control: Control,
  made: ClientSecret,
  answer: Uint8Array,
): Promise<void> {
  const found = secretIn(answer);
  if (found === null) return;
  const { provider, key, model } = made;
  const kept: Kept = { principal: factsOf(made.principal), provider, key, model };
  const ttlMs = Math.min(found.expiresMs - Date.now(), MOST_MS);
  if (ttlMs > 0) await control.kvSet(placeOf(found.value), kept, ttlMs);
}

export async function findClientSecret(control: Control, credential: string): Promise<ClientSecret | null> {
  const kept = (await control.kvGet(placeOf(credential))) as Kept | undefined;
  if (kept === undefined) return null;
  const { principal, provider, key, model } = kept;
  return { principal: virtualKey(principal), provider, key, model };
}

/** The table holds no secret that could leak from a dump of it. */
function placeOf(secret: string): string {
  return `core:client-secret:${createHash('sha256').update(secret).digest('base64')}`;
}

/** Google's word: without `expireTime` a token is good for half an hour. */
const TOKEN_MS = 30 * 60_000;

/** Gemini's `name` and `expireTime`, or OpenAI's `value` and `expires_at` (unix seconds), in the answer itself or in its `client_secret`. */
function secretIn(answer: Uint8Array): { value: string; expiresMs: number } | null {
  try {
    const body = JSON.parse(Buffer.from(answer).toString('utf8')) as Record<string, unknown>;
    const { name, expireTime } = body;
    if (typeof name === 'string' && name.startsWith('auth_tokens/'))
      return { value: name, expiresMs: Date.parse(String(expireTime)) || Date.now() + TOKEN_MS };
    const inner = body['client_secret'];
    const { value, expires_at: at } = (typeof inner === 'object' && inner !== null ? inner : body) as Record<
      string,
      unknown
    >;
    return typeof value === 'string' && value !== '' && typeof at === 'number'
      ? { value, expiresMs: at * 1000 }
      : null;
  } catch {
    return null;
  }
}
