import type { OAuthClientProvider } from '@modelcontextprotocol/client';
import type { McpAuthConfig } from '../../../config/mcp-auth-config.js';
import type { Behalf } from '../../protocol.js';
import { bearerToken, noToken, scopeWanted, usedToken } from './bearer-token.js';
import type { Credentials, Outgoing } from './credentials.js';
import { type AuthorizationPlace, discover } from './discover.js';
import type { PlainFetch } from './signed-fetch.js';
import { tokenOf } from './token-answer.js';
import { type Token, TokenHolder } from './token-holder.js';

type Auth = Extract<McpAuthConfig, { kind: 'client_credentials' | 'token_exchange' }>;

const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';

/**
 * Tokens that the gateway gets for itself (RFC 6749, 4.4), or for the token of the caller (RFC 8693).
 *
 * @param fetch reaches the authorization server
 */
export function tokenCredentials(
  parts: {
    readonly server: string;
    readonly url: string;
    readonly fetch: PlainFetch;
    readonly now?: () => number;
  },
  auth: Auth,
  behalf: Behalf | null,
): Credentials {
  const { server, url, fetch, now = Date.now } = parts;
  let subject = behalf?.token ?? null;
  let place: Promise<AuthorizationPlace> | null = null;
  /** What a server has asked for when it was not content. */
  let wider: string | null = null;
  const secrets = (): string[] =>
    [auth.clientSecret?.reveal(), subject, holder.current?.value].filter((one) => typeof one === 'string');
  const holder: TokenHolder = new TokenHolder(
    () =>
      ask().catch((error) => {
        throw noToken(server, error, secrets());
      }),
    now,
  );

  async function ask(): Promise<Token> {
    place ??= discover(url, auth, fetch);
    const { issuer, metadata, resource, scope } = await place.catch((error) => {
      place = null;
      throw error;
    });
    const { fetchToken } = await import('@modelcontextprotocol/client');
    const form = new URLSearchParams({ ...grantOf(auth, subject) });
    const wanted = wider ?? scope;
    if (wanted !== null && wanted !== '') form.set('scope', wanted);
    if (auth.audience !== null) form.set('audience', auth.audience);
    return tokenOf(
      await fetchToken(clientOf(auth, form), issuer, {
        metadata,
        fetchFn: fetch,
        ...(resource !== null && { resource }),
      }),
      now(),
    );
  }

  async function answered(response: Response, request: Outgoing): Promise<boolean> {
    const used = usedToken(request);
    if (response.status === 401) return holder.refused(used);
    const more = await scopeWanted(response);
    if (more === null) {
      holder.accepted(used);
      return false;
    }
    const { computeScopeUnion, isStrictScopeSuperset } = await import('@modelcontextprotocol/client');
    const before = wider ?? (await place)?.scope ?? undefined;
    const all = computeScopeUnion(before, more);
    if (all === undefined || !isStrictScopeSuperset(all, before)) return false;
    wider = all;
    holder.forget();
    return (await holder.get()).value !== used;
  }

  return {
    ...bearerToken(holder, { answered, secrets }),
    renew: ({ token }) => {
      subject = token;
    },
  };
}

function grantOf(auth: Auth, subject: string | null): Record<string, string> {
  if (auth.kind === 'client_credentials') return { grant_type: 'client_credentials' };
  return {
    grant_type: EXCHANGE,
    subject_token: subject ?? '',
    subject_token_type: auth.subjectType,
    ...(auth.requestedType !== null && { requested_token_type: auth.requestedType }),
  };
}

/** What the library wants to know of a client that is no browser's. */
function clientOf({ clientId, clientSecret }: Auth, form: URLSearchParams): OAuthClientProvider {
  return {
    redirectUrl: undefined,
    clientMetadata: { redirect_uris: [] },
    clientInformation: () => ({
      client_id: clientId ?? '',
      ...(clientSecret !== null && { client_secret: clientSecret.reveal() }),
    }),
    prepareTokenRequest: () => form,
    tokens: () => undefined,
    saveTokens: () => {},
    redirectToAuthorization: () => {},
    saveCodeVerifier: () => {},
    codeVerifier: () => '',
  };
}
