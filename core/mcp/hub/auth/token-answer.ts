import type { OAuthTokens } from '@modelcontextprotocol/client';
import type { Token } from './token-holder.js';

/** What goes into a header as it is. */
const PLAIN = /^[\x21-\x7e]+$/;

/** The token of an answer, from `now` on. Throws for one that cannot be shown as it is. */
export function tokenOf(
  { access_token: value, token_type: type, expires_in: seconds }: OAuthTokens,
  now: number,
): Token {
  if (!PLAIN.test(value)) throw new Error('the authorization server gave something that is no token');
  // RFC 8693 calls those so that are no access tokens at all.
  if (type.toLowerCase() !== 'bearer' && type.toLowerCase() !== 'n_a')
    throw new Error(
      `the authorization server gave a token of the type ${type.slice(0, 50)}, which is not spoken here`,
    );
  return { value, expiresAt: seconds === undefined || !(seconds > 0) ? null : now + seconds * 1000 };
}
