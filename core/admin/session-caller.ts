import { keyHash } from '../identity/key-hash.js';
import type { Caller } from './caller.js';
import { grantsOf, userOf } from './people.js';
import type { AdminParts } from './routes.js';

/** How exactly it is kept when a session was last seen. */
const SEEN_MS = 60_000;

/** A session as its caller, with its own id; what is over, or whose user may not come in any more, is nobody's. */
export interface SessionCaller extends Caller {
  readonly sessionId: string;
  readonly untilMs: number;
}

export function sessionHash(secret: string, cookie: string): string {
  return keyHash(secret, `session ${cookie}`);
}

/** @param cookie the value of the cookie of a session */
export async function sessionCaller(cookie: string, parts: AdminParts): Promise<SessionCaller | null> {
  const { oidc } = parts.config().admin;
  if (oidc === null || !/^[\w-]{43}$/.test(cookie)) return null;
  const { store } = await parts.governance.open();
  const hash = sessionHash(parts.secret, cookie);
  const session = await store.people.session(hash);
  if (session === null) return null;
  const now = Date.now();
  const untilMs = Math.min(session.until_ms, session.seen_ms + oidc.idleMs);
  if (untilMs <= now) return null;
  const user = await userOf(session.user_id, parts);
  if (user === null || user.barred) return null;
  if (now - session.seen_ms > Math.min(SEEN_MS, oidc.idleMs / 4)) await store.people.sessionSeen(hash, now);
  const groups = JSON.parse(session.groups) as string[];
  return {
    kind: 'session',
    id: user.id,
    who: `user "${user.name}"`,
    grants: await grantsOf(user, groups, parts),
    sessionId: session.id,
    untilMs,
  };
}
