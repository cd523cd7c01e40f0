import { hiderOf, shortText } from '../hidden-words.js';
import { CredentialError, type Credentials, NO_CREDENTIALS, type Outgoing } from './credentials.js';
import type { TokenHolder } from './token-holder.js';

const BEARER = 'Bearer ';

/** Credentials that are a token in `authorization` (RFC 6750). What becomes of a refused one is for whoever got it. */
export function bearerToken(
  holder: TokenHolder,
  { answered, secrets }: Pick<Credentials, 'answered' | 'secrets'>,
): Credentials {
  return {
    ...NO_CREDENTIALS,
    ready: async () => {
      await holder.get();
    },
    sign: async ({ headers }) => {
      headers.set('authorization', BEARER + (await holder.get()).value);
    },
    answered,
    secrets,
  };
}

/** The token that a request was signed with. */
export function usedToken({ headers }: Outgoing): string {
  return (headers.get('authorization') ?? '').slice(BEARER.length);
}

/** Why there is no token, without a secret that an authorization server may have repeated. */
export function noToken(server: string, error: unknown, secrets: readonly string[]): CredentialError {
  if (error instanceof CredentialError) return error;
  const said = error instanceof Error ? error.message : String(error);
  const why = `there is no token for it: ${shortText(hiderOf(secrets)(said))}`;
  return new CredentialError({ code: 'mcp_server_unavailable', details: { server, why }, sent: false });
}

/** RFC 6750: it would let somebody in with more rights; null when it is refused for another reason. */
export async function scopeWanted(response: Response): Promise<string | null> {
  if (response.status !== 403) return null;
  const { extractWWWAuthenticateParams } = await import('@modelcontextprotocol/client');
  const { error, scope } = extractWWWAuthenticateParams(response);
  return error === 'insufficient_scope' ? (scope ?? '') : null;
}
