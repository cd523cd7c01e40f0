import type { OAuthClientInformation, OAuthTokens } from '@modelcontextprotocol/client';
import type { OauthUsersConfig } from '../../../config/mcp-auth-config.js';
import type { AuthorizationPlace } from './discover.js';
import { tokenOf } from './token-answer.js';
import type { Token } from './token-holder.js';

/** What came of a sign-in, as the vault has it. */
export interface Grant {
  /** Of the server that it is for: another one does not get it. */
  readonly url: string;
  readonly place: AuthorizationPlace;
  /** As what the gateway was registered for it; null: as the configuration says. */
  readonly client: OAuthClientInformation | null;
  readonly tokens: OAuthTokens;
  /** Of the access token, unix milliseconds; null: nobody has said. */
  readonly expiresAt: number | null;
}

/** Whether it is of the server at `url`, and of the authorization server that the configuration names, if it names one. */
export function isGrantFor(grant: Grant, url: string, { issuer }: OauthUsersConfig): boolean {
  const bare = (one: string): string => one.replace(/\/$/, '');
  return grant.url === url && (issuer === null || bare(grant.place.issuer) === bare(issuer));
}

/** What the authorization server knows the gateway as. */
export function clientOf(
  { clientId, clientSecret }: OauthUsersConfig,
  registered: OAuthClientInformation | null,
): OAuthClientInformation {
  if (clientId === null && registered !== null) return registered;
  return {
    client_id: clientId ?? '',
    ...(clientSecret !== null && { client_secret: clientSecret.reveal() }),
  };
}

/** With newer tokens; what the answer leaves out stays as it was. */
export function withTokens(
  before: Omit<Grant, 'tokens' | 'expiresAt'> & Partial<Grant>,
  given: OAuthTokens,
  now: number,
): Grant {
  const { url, place, client } = before;
  const tokens = { ...before.tokens, ...given };
  return { url, place, client, tokens, expiresAt: tokenOf(given, now).expiresAt };
}

export function tokenIn({ tokens, expiresAt }: Grant): Token {
  return { value: tokens.access_token, expiresAt, isOld: true };
}
