import { randomBytes } from 'node:crypto';
import { entityId, entityName } from '../../config/sections/entities.js';
import { gatewayError } from '../../errors.js';
import type { Author } from '../../store/control/control-store.js';
import { StoreError } from '../../store/control/store-error.js';
import type { OpenGovernance } from '../governance.js';
import { type User, userOf } from '../people.js';
import type { AdminParts } from '../routes.js';
import { sessionHash } from '../session-caller.js';
import type { Identity } from './provider.js';

/** Of a person at an identity provider. */
export function subjectName(issuer: string, sub: string): string {
  return `oidc:${issuer} ${sub}`;
}

/** Under which SCIM keeps what it calls a user. */
export function scimUserName(userName: string): string {
  return `scim-user:${userName.toLowerCase()}`;
}

export interface SignedIn {
  readonly user: User;
  /** The value of the cookie: told to the browser alone. */
  readonly cookie: string;
}

const MOST_GROUPS = 500;

/** Finds the user, or makes one, and begins a session. Rejects with a GatewayError when the user may not come in. */
export async function signIn(
  { sub, claims }: Identity,
  from: { address: string; agent: string },
  parts: AdminParts,
): Promise<SignedIn> {
  const { oidc } = parts.config().admin;
  if (oidc === null) throw gatewayError('login_refused', { why: 'nobody signs in here' });
  const open = await parts.governance.open();
  const name = subjectName(oidc.issuer, sub);
  const author: Author = { actor: 'sign-in', source: from.address };
  const known = await open.store.people.named(name);
  let user = known === null ? null : await userOf(known.id, parts);
  user ??= await linked(claims, open, parts);
  if (user === null && !oidc.createUsers)
    throw gatewayError('login_refused', { why: 'nobody of that name is known here' });
  user ??= await made(claims, author, open, parts);
  if (user.barred) throw gatewayError('login_refused', { why: `user "${user.id}" is disabled` });
  const cookie = randomBytes(32).toString('base64url');
  const { id } = user;
  await open.store.change({ actor: `user:${id}`, source: from.address }, async (writing) => {
    const { people, now } = writing;
    await people.setNames({ kind: 'user', id }, name, [name]);
    await people.forgetSessions(now - oidc.idleMs, now);
    const session = `ses_${randomBytes(12).toString('hex')}`;
    await people.addSession({
      hash: sessionHash(parts.secret, cookie),
      id: session,
      user_id: id,
      created_ms: now,
      seen_ms: now,
      until_ms: now + oidc.absoluteMs,
      address: from.address,
      agent: from.agent.slice(0, 200),
      groups: JSON.stringify(groupsIn(claims, oidc.groupsClaim)),
    });
    return { action: 'login', kind: 'session', id, before: null, after: null, note: { session } };
  });
  return { user, cookie };
}

/** Somebody who is known by other ways: from SCIM, from the file, made by an administrator. */
async function linked(
  claims: Identity['claims'],
  { store }: OpenGovernance,
  parts: AdminParts,
): Promise<User | null> {
  const { oidc, people } = { oidc: parts.config().admin.oidc, people: parts.config().people };
  const claim = oidc?.linkClaim ?? null;
  const given = claim === null ? verifiedEmail(claims) : claims[claim];
  if (typeof given !== 'string' || given === '') return null;
  const wanted = given.toLowerCase();
  for (const [id, { email }] of people) if (email?.toLowerCase() === wanted) return userOf(id, parts);
  const byScim = await store.people.named(scimUserName(given));
  if (byScim !== null) return userOf(byScim.id, parts);
  const byEmail = await store.entities.userWithEmail(wanted);
  return byEmail === null ? null : userOf(byEmail.id, parts);
}

async function made(
  claims: Identity['claims'],
  author: Author,
  { store, entities }: OpenGovernance,
  parts: AdminParts,
): Promise<User> {
  const email = verifiedEmail(claims);
  const shown = [claims['name'], claims['preferred_username'], email].find(
    (one): one is string => entityName.safeParse(one).success,
  );
  const free = email !== null && entityId.safeParse(email).success && (await userOf(email, parts)) === null;
  const id = free
    ? email
    : `user_${Date.now().toString(36).padStart(9, '0')}${randomBytes(8).toString('hex')}`;
  const spec = email === null ? {} : { email };
  const user = { kind: 'user', id, name: shown ?? id, parent: null, userId: null, spec, state: {} };
  try {
    await entities.commit(author, async (writing) => {
      const after = await writing.entities.insert(user, writing.now);
      return { action: 'create', kind: 'user', id, before: null, after };
    });
  } catch (error) {
    // The same person, in another window.
    if (!(error instanceof StoreError && error.code === 'entity_exists')) throw error;
  }
  const found = await store.entities.find('user', id);
  if (found === null) throw gatewayError('login_refused', { why: 'the user was deleted meanwhile' });
  return (await userOf(id, parts)) as User;
}

/** What somebody may have typed in proves nothing. */
function verifiedEmail(claims: Identity['claims']): string | null {
  const { email, email_verified: verified } = claims;
  return typeof email === 'string' && (verified === true || verified === 'true') ? email : null;
}

function groupsIn(claims: Identity['claims'], claim: string): string[] {
  const given = claims[claim];
  const list = Array.isArray(given) ? given : [given];
  return list.filter((one): one is string => typeof one === 'string').slice(0, MOST_GROUPS);
}
