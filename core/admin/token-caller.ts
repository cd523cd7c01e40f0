import { keyHash } from '../identity/key-hash.js';
import type { Caller } from './caller.js';
import { rolesIn } from './guard.js';
import type { AdminParts } from './routes.js';
import { isGood, TOKEN_KIND } from './service-tokens.js';

/** How exactly it is kept when a token was last used. */
const USED_MS = 60_000;
/** Most tokens whose last use is remembered; beyond it the memory starts anew. */
const MOST = 1_000;
const usedAt = new Map<string, number>();

/** The holder of a service token; null when it is not known, over or taken back. */
export async function tokenCaller(token: string, parts: AdminParts): Promise<Caller | null> {
  const { store } = await parts.governance.open();
  const id = await store.keyOfHash(keyHash(parts.secret, token));
  const found = id === null ? null : await store.entities.find(TOKEN_KIND, id);
  const now = Date.now();
  if (found === null || !isGood(found, now)) return null;
  if (now - (usedAt.get(found.id) ?? 0) > USED_MS) {
    if (usedAt.size >= MOST) usedAt.clear();
    usedAt.set(found.id, now);
    await store.people.used(found.id, now);
  }
  return {
    kind: 'service-token',
    id: found.id,
    who: `service token "${found.name}"`,
    grants: rolesIn(found),
  };
}
