import { type GivenGrant, grantOf } from '../config/resolve-admin.js';
import type { StoredEntity } from '../store/control/entity-rows.js';
import type { Grant } from './role.js';
import type { AdminParts } from './routes.js';

/** A user, of the file or of the store, as far as it matters who signs in. */
export interface User {
  readonly id: string;
  readonly name: string;
  readonly email: string | null;
  /** May not come in: disabled, or expired. */
  readonly barred: boolean;
  readonly roles: readonly Grant[];
}

/** Null when there is none of that id. The file counts. */
export async function userOf(id: string, { config, governance }: AdminParts): Promise<User | null> {
  const { people, entities } = config();
  const filed = entities.get(`user:${id}` as Parameters<typeof entities.get>[0]);
  const person = people.get(id);
  if (filed !== undefined && person !== undefined) {
    const { disabled, expiresMs } = filed.access;
    const barred = disabled || (expiresMs !== null && expiresMs <= Date.now());
    return { id, name: filed.link.name, email: person.email, barred, roles: person.roles };
  }
  const { store } = await governance.open();
  const found = await store.entities.find('user', id);
  return found === null ? null : storedUser(found);
}

export function storedUser({ id, name, spec }: StoredEntity): User {
  const {
    email,
    disabled,
    expires,
    roles = [],
  } = spec as {
    email?: string;
    disabled?: boolean;
    expires?: string;
    roles?: GivenGrant[];
  };
  return {
    id,
    name,
    email: email ?? null,
    barred: disabled === true || (expires !== undefined && Date.parse(expires) <= Date.now()),
    roles: roles.map(grantOf),
  };
}

/**
 * All that a user may do: by the roles of his own, by the groups he came with when he signed in, and by those that the
 * identity provider keeps here.
 */
export async function grantsOf(user: User, groups: readonly string[], parts: AdminParts): Promise<Grant[]> {
  const { admin } = parts.config();
  const { store } = await parts.governance.open();
  const names = new Set(groups);
  if (admin.groups.length > 0)
    for (const id of await store.people.groupsOf(user.id)) {
      const group = await store.entities.find('group', id);
      if (group !== null) names.add(group.name);
    }
  const byGroup = admin.groups.filter(({ group }) => names.has(group));
  const byDefault = admin.oidc?.defaultRole ?? null;
  return [
    ...user.roles,
    ...byGroup.map(({ role, organization, team }) => ({ role, organization, team })),
    ...(byDefault === null ? [] : [{ role: byDefault, organization: null, team: null }]),
  ];
}
