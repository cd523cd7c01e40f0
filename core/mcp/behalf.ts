import { createHash } from 'node:crypto';
import { type HeaderList, headerOf, type RequestMetadata } from '@headgate/sdk';
import type { ForwardedHeader, OwnerKind, UserHeaderConfig } from '../config/mcp-auth-config.js';
import type { McpServerConfig } from '../config/mcp-config.js';
import { credentialOf } from '../identity/credential.js';
import { TokenTable } from '../identity/jwt/token-table.js';
import type { KeyFacts, VirtualKey } from '../identity/virtual-key.js';
import type { Behalf, McpRefusal } from './protocol.js';
import { sorted } from './sorted-json.js';

/** Somebody who wants something of servers, as a request has told. */
export interface ToolUser {
  readonly principal: VirtualKey;
  readonly metadata: RequestMetadata;
  readonly headers: HeaderList;
}

/** What each issuer names those by that its tokens are for. */
const OF_TOKENS = 'jwt:';

/**
 * On whose behalf a server is asked, where that makes a difference to it: what of the request the main thread must know to
 * come with the right credential. Null where all come with the same.
 */
export function behalfOf({ id, auth }: McpServerConfig, user: ToolUser): Behalf | null {
  switch (auth.kind) {
    case 'none':
    case 'client_credentials':
    case 'sigv4':
      return null;
    case 'user_header':
      return { ...NOTHING, owner: ownerOfHeader(auth, user) };
    case 'oauth':
      return { ...NOTHING, owner: ownerOf(auth.per, user.principal) };
    case 'forward':
      return forwarded(id, auth.headers, user);
    case 'token_exchange':
      return withToken(id, user);
  }
}

/** Of each of several servers that has another credential for each of its users, by id. */
export function behalvesOf(servers: readonly McpServerConfig[], user: ToolUser): Record<string, Behalf> {
  const found: Record<string, Behalf> = {};
  for (const server of servers) {
    const behalf = behalfOf(server, user);
    if (behalf !== null) found[server.id] = behalf;
  }
  return found;
}

/** Whose credential somebody uses: a key that belongs to none of these has its own. */
export function ownerOf(per: OwnerKind, { id, user, team, org }: KeyFacts): string {
  const place = { user, team, organization: org, key: id }[per];
  return place === '' ? `key:${id}` : `${per}:${place}`;
}

const NOTHING: Omit<Behalf, 'owner'> = { headers: [], token: null, missing: null };

function ownerOfHeader({ values, per }: UserHeaderConfig, { principal, metadata }: ToolUser): string {
  const { id, user, team, org } = principal;
  const customer = metadata.customer ?? principal.customer ?? '';
  // The nearest counts.
  const places = [`key:${id}`, `user:${user}`, `customer:${customer}`, `team:${team}`, `organization:${org}`];
  return places.find((place) => values.has(place)) ?? ownerOf(per, principal);
}

function forwarded(
  server: string,
  wanted: readonly ForwardedHeader[],
  { principal, headers }: ToolUser,
): Behalf {
  const found = wanted.flatMap(({ from, to, prefix }): [string, string][] => {
    const value = headerOf(headers, from);
    return value === undefined || value === '' ? [] : [[to, prefix + value]];
  });
  if (found.length > 0)
    return { ...NOTHING, owner: `forward:${fingerprint([principal.id, ...found.flat()])}`, headers: found };
  const names = wanted.map(({ from }) => from).join(' or ');
  return { ...NOTHING, owner: 'forward:', missing: missing(server, `send it in the header ${names}`) };
}

/** What two tokens of one person differ in that have the same rights; anything else may be one, such as a role or an organization. */
const OF_ONE_TOKEN: ReadonlySet<string> = new Set([
  'iat',
  'exp',
  'nbf',
  'jti',
  'auth_time',
  'nonce',
  'at_hash',
  'c_hash',
  'sid',
  // Of Entra.
  'uti',
  'aio',
  'rh',
]);

/** What was exchanged once is good for whoever comes with the same rights again. */
function withToken(server: string, { principal, headers }: ToolUser): Behalf {
  const token = credentialOf(headers);
  if (token === null || !principal.id.startsWith(OF_TOKENS) || !TokenTable.looksLike(token)) {
    const how = 'come with a token of an issuer (auth.jwt) in place of a virtual key';
    return { ...NOTHING, owner: 'token:', missing: missing(server, how) };
  }
  const rights = Object.entries(claimsOf(token)).filter(([name]) => !OF_ONE_TOKEN.has(name));
  return {
    ...NOTHING,
    owner: `token:${fingerprint([principal.id, sorted(Object.fromEntries(rights))])}`,
    token,
  };
}

/** Of a token that was verified when its bearer was let in. */
function claimsOf(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')) as Record<
    string,
    unknown
  >;
}

function missing(server: string, how: string): McpRefusal {
  return { code: 'mcp_credential_missing', details: { server, how }, sent: false };
}

function fingerprint(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 22);
}
