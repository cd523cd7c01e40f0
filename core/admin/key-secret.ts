import { randomBytes } from 'node:crypto';
import { keyHash, plainHash } from '../identity/key-hash.js';
import type { StoredHash } from '../identity/stored-keys.js';
import type { Writing } from '../store/control/control-store.js';
import type { StoredEntity } from '../store/control/entity-rows.js';
import { StoreError } from '../store/control/store-error.js';

const PREFIX = 'hg-';
/** Shown instead of a secret: enough to tell keys apart, too little to guess one. */
const SHOWN = 7;

export function newSecret(): string {
  return PREFIX + randomBytes(32).toString('base64url');
}

export function shown(secret: string): string {
  return `${secret.slice(0, SHOWN)}…`;
}

export function hashOf(serverSecret: string, secret: string): StoredHash {
  return { hash: keyHash(serverSecret, secret), untilMs: null };
}

/** The one of a key's hashes that a credential has, as long as it works. */
export function hashIn(
  hashes: readonly StoredHash[],
  { serverSecret, credential, now }: { serverSecret: string; credential: string; now: number },
): StoredHash | undefined {
  const known = [keyHash(serverSecret, credential), plainHash(credential)];
  return hashes.find(({ hash, untilMs }) => known.includes(hash) && (untilMs === null || untilMs > now));
}

export interface Turn {
  readonly secret: string;
  /** How long those before it still work. */
  readonly graceMs: number;
  readonly serverSecret: string;
  /** The secret, for whoever is to fetch it; null when it is told at once to whom it concerns. */
  readonly sealed: string | null;
}

/** Gives a key another secret, in the transaction of a change. What waited for somebody to fetch it is forgotten. */
export async function turnSecret(
  writing: Writing,
  before: StoredEntity,
  { secret, graceMs, serverSecret, sealed }: Turn,
): Promise<StoredEntity> {
  if (before.state['revoked_ms'] !== undefined)
    throw new StoreError(
      'entity_invalid',
      `key "${before.id}" was revoked and gets no new secret; make another one`,
    );
  const { now } = writing;
  const old = await writing.hashesOf(before.id);
  const until = now + graceMs;
  const kept = graceMs === 0 ? [] : old.filter((one) => one.untilMs === null || one.untilMs > now);
  await writing.setHashes(before.id, [
    ...kept.map(({ hash, untilMs }) => ({ hash, untilMs: Math.min(untilMs ?? until, until) })),
    hashOf(serverSecret, secret),
  ]);
  const { sealed: _s, sealed_until_ms: _u, fetched_ms: _f, ...rest } = before.state;
  const state = {
    ...rest,
    prefix: shown(secret),
    rotated_ms: now,
    ...(sealed !== null && { sealed, sealed_until_ms: until }),
  };
  return writing.entities.update({ ...before, state }, null, now);
}
