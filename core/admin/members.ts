import { z } from 'zod';
import { type GivenGrant, grantOf } from '../config/resolve-admin.js';
import { PEOPLE_ROLES } from '../config/sections/grants.js';
import type { ControlAnswer } from '../control.js';
import { gatewayError } from '../errors.js';
import { StoreError } from '../store/control/store-error.js';
import { ENTITY_APIS, type EntityApi } from './entity-kinds.js';
import type { OpenGovernance } from './governance.js';
import { maySet } from './guard.js';
import { storedUser } from './people.js';
import { Places } from './places.js';
import { reachOf, sees } from './reach.js';
import { checked } from './read-spec.js';
import { bodyOf, json } from './reply.js';
import type { Role } from './role.js';
import type { AdminRequest } from './route.js';
import type { AdminParts } from './routes.js';

export const memberSchema = z.strictObject({
  role: z.enum(PEOPLE_ROLES).default('member').describe('What the user may do there.'),
});

const USER_API = ENTITY_APIS.find(({ kind }) => kind === 'user') as EntityApi;
/** Most users that are looked through for the members of a place. */
const PAGE = 1000;

type Kind = 'team' | 'organization';

/** `GET /api/teams/{id}/members`: who has a role in a place. */
export async function listMembers(
  parts: AdminParts,
  kind: Kind,
  request: AdminRequest,
): Promise<ControlAnswer> {
  const open = await parts.governance.open();
  await within(parts, open, kind, request, 'people:read');
  return json(200, { data: await membersOf(parts, open, kind, request.params['id'] ?? '') });
}

/** The place must be there, and in the caller's reach. */
async function within(
  { config }: AdminParts,
  { store }: OpenGovernance,
  kind: Kind,
  { caller, params }: AdminRequest,
  permission: 'people:read' | 'people:write',
): Promise<void> {
  const id = params['id'] ?? '';
  const reach = reachOf(caller, permission);
  const at = await new Places(config(), store.entities).of(kind, id);
  if (at === null || (reach !== null && !sees(reach, at)))
    throw new StoreError('entity_unknown', `there is no ${kind} "${id}"`);
}

interface Member {
  readonly id: string;
  readonly name: string;
  readonly email: string | null;
  readonly role: Role;
}

async function membersOf(
  { config }: AdminParts,
  { store }: OpenGovernance,
  kind: Kind,
  place: string,
): Promise<Member[]> {
  const found: Member[] = [];
  const { people, entities } = config();
  for (const [id, { email, roles }] of people)
    for (const grant of roles)
      if (grant[kind] === place)
        found.push({ id, name: entities.get(`user:${id}`)?.link.name ?? id, email, role: grant.role });
  for (let after = ''; ; ) {
    const page = await store.entities.list('user', { after, limit: PAGE });
    for (const one of page) {
      if (people.has(one.id)) continue;
      const { id, name, email, roles } = storedUser(one);
      for (const grant of roles) if (grant[kind] === place) found.push({ id, name, email, role: grant.role });
    }
    if (page.length < PAGE) return found.sort((a, b) => (a.id < b.id ? -1 : 1));
    after = page.at(-1)?.id ?? '';
  }
}

/** `PUT` and `DELETE /api/teams/{id}/members/{user}`: gives somebody a role in a place, or takes it. */
export async function setMember(
  parts: AdminParts,
  kind: Kind,
  request: AdminRequest,
): Promise<ControlAnswer> {
  const { caller, author, params, method } = request;
  const open = await parts.governance.open();
  await within(parts, open, kind, request, 'people:write');
  const [place, userId] = [params['id'] ?? '', params['user'] ?? ''];
  const given = method === 'DELETE' ? null : checked(memberSchema, bodyOf(request));
  open.entities.refuseFile(USER_API, userId);
  // Who else the user is, is not this caller's business: only what he is in this place is looked at.
  const { actor, source } = author;
  await open.entities.commit({ actor, source }, async (writing) => {
    const before = await writing.entities.get('user', userId);
    const roles = (before.spec['roles'] as GivenGrant[] | undefined) ?? [];
    const others = roles.filter((one) => one[kind] !== place);
    const own = roles.filter((one) => one[kind] === place);
    const next = given === null ? [] : [{ role: given.role, [kind]: place } as GivenGrant];
    if (given === null && own.length === 0)
      throw new StoreError('entity_unknown', `user "${userId}" has no role in ${kind} "${place}"`);
    for (const one of [...own, ...next])
      if (!maySet(caller, grantOf(one)))
        throw gatewayError('role_above_own', { who: caller.who, role: one.role });
    const spec = { ...before.spec, roles: [...others, ...next] };
    checked(USER_API.schema, spec);
    const after = await writing.entities.update({ ...before, spec }, null, writing.now);
    return { action: 'update', kind: 'user', id: userId, before, after };
  });
  return json(200, given === null ? { id: userId, deleted: true } : { id: userId, role: given.role });
}
