import type { Config } from '../config/config.js';
import { type GivenGrant, grantOf } from '../config/resolve-admin.js';
import { gatewayError } from '../errors.js';
import type { Author, Change, Writing } from '../store/control/control-store.js';
import type { StoredEntity } from '../store/control/entity-rows.js';
import { StoreError } from '../store/control/store-error.js';
import { authorOf, type Caller } from './caller.js';
import { Places } from './places.js';
import { changes, reachOf, sees } from './reach.js';
import { type Grant, isEverywhere, mayGive, type Permission } from './role.js';

export const WRITE_OF: Readonly<Record<string, Permission>> = { key: 'keys:write', user: 'people:write' };

/** The caller as the store takes changes from it. */
export function actorOf(caller: Caller, address: string, config: () => Config): Author {
  const author = authorOf(caller, address);
  if (caller.grants.some((grant) => grant.role === 'owner' && isEverywhere(grant))) return author;
  return { ...author, guard: (change, writing) => check(caller, change, writing, config()) };
}

async function check(caller: Caller, change: Change, writing: Writing, config: Config): Promise<void> {
  const { kind, id, before, after } = change;
  checkRoles(caller, before, after);
  const permission = WRITE_OF[kind] ?? 'entities:write';
  const reach = reachOf(caller, permission);
  if (reach === null) return;
  const places = new Places(config, writing.entities);
  for (const one of [before, after]) {
    if (one === null) continue;
    const at = await places.ofStored(kind, id, one);
    // A role in a team makes nobody the team's.
    const whose = kind === 'user' ? new Set(one.parent === null ? [] : [one.parent]) : at;
    if (changes(reach, `${kind}:${id}`, whose)) continue;
    if (one === before && !sees(reach, at))
      throw new StoreError('entity_unknown', `there is no ${kind} "${id}"`);
    throw gatewayError('permission_missing', { who: caller.who, permission });
  }
}

/** Nobody gives a role above the own, nor changes somebody who has one. */
function checkRoles(caller: Caller, before: StoredEntity | null, after: StoredEntity | null): void {
  for (const one of [before, after])
    for (const grant of rolesIn(one))
      if (!maySet(caller, grant)) throw gatewayError('role_above_own', { who: caller.who, role: grant.role });
}

export function maySet({ grants }: Caller, other: Grant): boolean {
  return grants.some((own) => mayGive(own, other));
}

/** The roles that an entity says, if it is one that can: a user or a service token. */
export function rolesIn(entity: StoredEntity | null): Grant[] {
  if (entity === null || (entity.kind !== 'user' && entity.kind !== 'service_token')) return [];
  return ((entity.spec['roles'] as GivenGrant[] | undefined) ?? []).map(grantOf);
}
