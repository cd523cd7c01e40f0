import type { ForwardedHeader, McpAuthConfig, OauthClient, UsersConfig } from './mcp-auth-config.js';
import { Secret } from './secret.js';
import type { ParsedMcpAuth } from './sections/mcp-auth.js';

const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';

/** A header that is the same for all is one of the server's headers, and nothing here. */
export function resolveMcpAuth(parsed: ParsedMcpAuth | undefined): McpAuthConfig {
  if (parsed === undefined) return { kind: 'none' };
  const { type, per = 'user' } = parsed;
  switch (type) {
    case 'none':
    case 'header':
      return { kind: 'none' };
    case 'user_header': {
      const name = parsed.name?.toLowerCase() ?? 'authorization';
      return {
        kind: type,
        name,
        prefix: parsed.prefix ?? (name === 'authorization' ? 'Bearer ' : ''),
        per,
        values: new Map(
          Object.entries(parsed.values ?? {}).map(([owner, value]) => [owner, new Secret(value)]),
        ),
        selfService: parsed.self_service ?? true,
        users: usersOf(parsed),
      };
    }
    case 'forward':
      return { kind: type, headers: (parsed.forward ?? []).map(forwarded), users: usersOf(parsed) };
    case 'oauth':
      return { kind: type, per, ...clientOf(parsed), users: usersOf(parsed) };
    case 'client_credentials':
      return { kind: type, ...clientOf(parsed) };
    case 'token_exchange':
      return {
        kind: type,
        ...clientOf(parsed),
        subjectType: parsed.subject_token_type ?? ACCESS_TOKEN,
        requestedType: parsed.requested_token_type ?? null,
        users: usersOf(parsed),
      };
    case 'sigv4':
      return {
        kind: type,
        service: parsed.service ?? '',
        region: parsed.region ?? '',
        key: new Secret(parsed.key ?? ''),
      };
  }
}

/** The header that all share, if `auth` names one. */
export function sharedHeader(parsed: ParsedMcpAuth | undefined): [name: string, value: string] | null {
  if (parsed?.type !== 'header') return null;
  return [parsed.name?.toLowerCase() ?? 'authorization', parsed.value ?? ''];
}

function usersOf({ connections, idle }: ParsedMcpAuth): UsersConfig {
  return { connections: connections ?? 256, idleMs: idle ?? 300_000 };
}

function forwarded(given: NonNullable<ParsedMcpAuth['forward']>[number]): ForwardedHeader {
  const { from, to = from, prefix = '' } = typeof given === 'string' ? { from: given } : given;
  return { from: from.toLowerCase(), to: to.toLowerCase(), prefix };
}

function clientOf(parsed: ParsedMcpAuth): OauthClient {
  const { client_secret: secret } = parsed;
  return {
    clientId: parsed.client_id ?? null,
    clientSecret: secret === undefined ? null : new Secret(secret),
    issuer: parsed.issuer ?? null,
    tokenUrl: parsed.token_url ?? null,
    scopes: parsed.scopes ?? null,
    resource: parsed.resource ?? null,
    audience: parsed.audience ?? null,
  };
}
