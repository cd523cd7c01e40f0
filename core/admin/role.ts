/** What may be needed to use a path of the admin API. */
export const PERMISSIONS = [
  /** Virtual keys. */
  'keys:read',
  'keys:write',
  /** Organizations, teams, projects, customers and tags of requests. */
  'entities:read',
  'entities:write',
  /** Users and their roles. */
  'people:read',
  'people:write',
  /** Usage, bills and what is charged on. */
  'usage:read',
  'billing:write',
  /** Records of requests; what was kept of their bodies. */
  'requests:read',
  'bodies:read',
  /** Asking a model again what a request asked it, at the cost of a virtual key. */
  'requests:replay',
  /** Which models there are and what they cost. */
  'models:read',
  /** Providers, plugins and everything else that the configuration file says too. */
  'config:read',
  'config:write',
  'audit:read',
  'metrics:read',
  /** Service tokens and sessions of others. */
  'tokens:read',
  'tokens:write',
  /** Users and groups as an identity provider keeps them. */
  'scim',
] as const;
export type Permission = (typeof PERMISSIONS)[number];

/** The most first. `scim` is for identity providers, and nobody's rank. */
export const ROLES = ['owner', 'admin', 'team_admin', 'member', 'viewer', 'scim'] as const;
export type Role = (typeof ROLES)[number];

/** Those who may give a role, up to their own. */
const GIVERS: ReadonlySet<Role> = new Set(['owner', 'admin', 'team_admin']);

/** What people have written is not for everybody who may look around. */
const READS = PERMISSIONS.filter((one) => one.endsWith(':read') && one !== 'bodies:read');

const ALLOWED: Readonly<Record<Role, ReadonlySet<Permission>>> = {
  owner: new Set(PERMISSIONS),
  admin: new Set(PERMISSIONS),
  team_admin: new Set([
    'keys:read',
    'keys:write',
    'entities:read',
    'entities:write',
    'people:read',
    'people:write',
    'usage:read',
    'requests:read',
    'bodies:read',
    'requests:replay',
    'models:read',
  ]),
  member: new Set([
    'keys:read',
    'keys:write',
    'entities:read',
    'usage:read',
    'requests:read',
    'bodies:read',
    'models:read',
  ]),
  viewer: new Set(READS),
  scim: new Set(['scim']),
};

/** What concerns the whole gateway and cannot be had for a part of it. */
const WHOLE: ReadonlySet<Permission> = new Set([
  'billing:write',
  'config:read',
  'config:write',
  'audit:read',
  'metrics:read',
  'tokens:read',
  'tokens:write',
  'scim',
]);

/** A role, and where it holds: of one team, of one organization and all in it, or everywhere when both are null. */
export interface Grant {
  readonly role: Role;
  readonly organization: string | null;
  readonly team: string | null;
}

export function isEverywhere({ organization, team }: Grant): boolean {
  return organization === null && team === null;
}

/** Whether the grant lets its holder do that at all; where is another question. */
export function allows(grant: Grant, permission: Permission): boolean {
  return ALLOWED[grant.role].has(permission) && (isEverywhere(grant) || !WHOLE.has(permission));
}

/** Whether somebody with the first grant may give, or take, the second: within its place, and none above its own. */
export function mayGive(own: Grant, other: Grant): boolean {
  if (!GIVERS.has(own.role)) return false;
  const within =
    isEverywhere(own) ||
    (own.team !== null ? own.team === other.team : own.organization === other.organization);
  if (other.role === 'scim') return within && own.role !== 'team_admin';
  return within && ROLES.indexOf(own.role) <= ROLES.indexOf(other.role);
}
