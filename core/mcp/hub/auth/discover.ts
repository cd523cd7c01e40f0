import type {
  AuthorizationServerMetadata,
  OAuthProtectedResourceMetadata,
} from '@modelcontextprotocol/client';
import type { OauthClient } from '../../../config/mcp-auth-config.js';
import { isSafeUrl } from '../../../config/sections/oidc.js';
import type { PlainFetch } from './signed-fetch.js';

/** Where tokens for a server come from, and what they are to be for. */
export interface AuthorizationPlace {
  readonly issuer: string;
  readonly metadata: AuthorizationServerMetadata;
  /** Where it is told that a token is of no use any more (RFC 7009); null: nowhere. */
  readonly revocation: string | null;
  /** RFC 8707; null: it is not said. */
  readonly resource: string | null;
  /** Joined by spaces; null: nobody has said. */
  readonly scope: string | null;
}

type Library = typeof import('@modelcontextprotocol/client');

/**
 * Finds out where tokens for a server come from: as the configuration says, else as the server does (RFC 9728, by what it answers to
 * somebody unknown or at its well-known address) and its authorization server (RFC 8414, OpenID discovery).
 *
 * Rejects with words for people.
 */
export async function discover(
  url: string,
  client: OauthClient,
  fetch: PlainFetch,
): Promise<AuthorizationPlace> {
  const mcp = await import('@modelcontextprotocol/client');
  const own = client.scopes?.join(' ') ?? null;
  if (client.tokenUrl !== null)
    return {
      issuer: new URL(client.tokenUrl).origin,
      metadata: {
        issuer: new URL(client.tokenUrl).origin,
        authorization_endpoint: client.tokenUrl,
        token_endpoint: client.tokenUrl,
        response_types_supported: ['code'],
      },
      revocation: null,
      resource: client.resource ?? (client.audience === null ? url : null),
      scope: own,
    };
  const challenge = await challengeOf(mcp, url, fetch);
  const described = await describedBy(mcp, url, challenge.resourceMetadataUrl, fetch);
  if (described !== null) await checkResource(mcp, url, described);
  const issuer = client.issuer ?? described?.authorization_servers?.[0] ?? new URL(url).origin;
  // The library leaves out of an OpenID document what it does not use itself.
  const read = remembering(fetch);
  const metadata = await mcp.discoverAuthorizationServerMetadata(issuer, { fetchFn: read.fetch });
  if (metadata === undefined)
    throw new Error(`the authorization server ${issuer} does not say where it gives tokens`);
  return {
    issuer: metadata.issuer,
    metadata,
    revocation: revocationIn(read.documents, metadata.issuer),
    resource: client.resource ?? described?.resource ?? (client.audience === null ? url : null),
    scope: own ?? challenge.scope ?? described?.scopes_supported?.join(' ') ?? null,
  };
}

/** What it says to somebody who comes with nothing. */
async function challengeOf(mcp: Library, url: string, fetch: PlainFetch) {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
    body: '{"jsonrpc":"2.0","id":0,"method":"ping"}',
  }).catch(() => null);
  return answer?.status === 401 ? mcp.extractWWWAuthenticateParams(answer) : {};
}

async function describedBy(
  mcp: Library,
  url: string,
  at: URL | undefined,
  fetch: PlainFetch,
): Promise<OAuthProtectedResourceMetadata | null> {
  const where = at === undefined ? {} : { resourceMetadataUrl: at };
  try {
    return await mcp.discoverOAuthProtectedResourceMetadata(url, where, fetch);
  } catch (error) {
    // It said itself where that is.
    if (at !== undefined) throw error;
    return null;
  }
}

/** A server that describes another one would get that one's tokens. */
async function checkResource(
  mcp: Library,
  url: string,
  { resource }: OAuthProtectedResourceMetadata,
): Promise<void> {
  if (!mcp.checkResourceAllowed({ requestedResource: url, configuredResource: resource }))
    throw new Error(`it says that its tokens are for ${resource.slice(0, 200)}, which is not where it is`);
}

/** The same, with all JSON documents that came. */
function remembering(fetch: PlainFetch): { fetch: PlainFetch; documents: Record<string, unknown>[] } {
  const documents: Record<string, unknown>[] = [];
  return {
    documents,
    fetch: async (url, init) => {
      const response = await fetch(url, init);
      const said: unknown = response.ok
        ? await response
            .clone()
            .json()
            .catch(() => null)
        : null;
      if (typeof said === 'object' && said !== null) documents.push(said as Record<string, unknown>);
      return response;
    },
  };
}

function revocationIn(documents: readonly Record<string, unknown>[], issuer: string): string | null {
  const place = documents.find((one) => one['issuer'] === issuer)?.['revocation_endpoint'];
  return typeof place === 'string' && isSafeUrl(place) ? place : null;
}
