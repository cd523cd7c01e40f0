import type { Grant } from '../admin/role.js';
import type { Config, OidcConfig } from './config.js';
import type { ParsedConfig } from './schema.js';
import { Secret } from './secret.js';
import type { Settings } from './settings.js';

/** A role as it is written. */
export type GivenGrant = {
  role: Grant['role'];
  organization?: string | undefined;
  team?: string | undefined;
};

export function grantOf({ role, organization, team }: GivenGrant): Grant {
  return { role, organization: organization ?? null, team: team ?? null };
}

export function resolveAdmin(parsed: ParsedConfig['admin'], settings: Settings): Config['admin'] {
  const token = settings.adminToken ?? parsed.token;
  const secret = settings.secret ?? parsed.secret;
  const encryptionKey = settings.encryptionKey ?? parsed.encryption_key;
  return {
    token: token === undefined ? null : new Secret(token),
    secret: secret === undefined ? null : new Secret(secret),
    encryptionKey: encryptionKey === undefined ? null : new Secret(encryptionKey),
    variables: parsed.variables,
    required: settings.adminRequired ?? parsed.required,
    groups: parsed.groups.map(({ group, ...grant }) => ({ group, ...grantOf(grant) })),
    oidc: parsed.oidc === undefined ? null : oidc(parsed.oidc),
  };
}

function oidc(parsed: NonNullable<ParsedConfig['admin']['oidc']>): OidcConfig {
  return {
    issuer: parsed.issuer,
    clientId: parsed.client_id,
    clientSecret: parsed.client_secret === undefined ? null : new Secret(parsed.client_secret),
    scopes: [...new Set(['openid', ...parsed.scopes])],
    redirectUrl: parsed.redirect_url ?? null,
    groupsClaim: parsed.groups_claim,
    linkClaim: parsed.link_claim ?? null,
    defaultRole: parsed.default_role ?? null,
    createUsers: parsed.create_users,
    idleMs: parsed.session.idle,
    absoluteMs: parsed.session.absolute,
  };
}

export function resolvePeople(parsed: ParsedConfig['users']): Config['people'] {
  return new Map(
    Object.entries(parsed).map(([id, { email, roles = [] }]) => [
      id,
      { email: email ?? null, roles: roles.map(grantOf) },
    ]),
  );
}
