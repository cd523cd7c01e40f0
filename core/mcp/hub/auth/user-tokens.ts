import { setTimeout as sleep } from 'node:timers/promises';
import type { OauthUsersConfig } from '../../../config/mcp-auth-config.js';
import { bearerToken, noToken, scopeWanted, usedToken } from './bearer-token.js';
import { CredentialError, type Credentials, type Outgoing } from './credentials.js';
import { clientOf, type Grant, isGrantFor, tokenIn, withTokens } from './grant.js';
import type { PlainFetch } from './signed-fetch.js';
import { type Token, TokenHolder } from './token-holder.js';
import type { Kept, Vault, VaultPlace } from './vault.js';

/** How long one node may take to renew a token, and how often the others look meanwhile. */
const CLAIM_MS = 30_000;
const LOOK_MS = 150;
/** A token is taken for good that long before it ends. */
const MARGIN_MS = 5_000;

export interface UserTokenParts {
  readonly server: string;
  /** Of the server. */
  readonly url: string;
  readonly owner: string;
  readonly fetch: PlainFetch;
  readonly vault: Vault;
  /** Path at which the owner signs in, asking for these rights; '' for those that the server wants at first. */
  readonly signInPath: (scope: string) => string;
  readonly now?: () => number;
}

/** Tokens of somebody who has signed in at an authorization server: read from the vault, renewed once for all nodes. */
export function userTokens(parts: UserTokenParts, auth: OauthUsersConfig): Credentials {
  const { server, url, owner, fetch, vault, now = Date.now } = parts;
  const place: VaultPlace = { server, owner, what: 'grant' };
  /** The last that was refused, so that it is not taken from the vault again. */
  let refused = '';
  let grant: Grant | null = null;
  const holder: TokenHolder = new TokenHolder(
    () =>
      ask().catch((error) => {
        throw noToken(server, error, secrets());
      }),
    now,
  );
  const secrets = (): string[] =>
    [
      grant?.tokens.access_token,
      grant?.tokens.refresh_token,
      auth.clientSecret?.reveal(),
      grant?.client?.client_secret,
    ].filter((one) => typeof one === 'string');

  async function ask(): Promise<Token> {
    for (const until = now() + CLAIM_MS; ; ) {
      const kept = await vault.read(place);
      grant = kept === null ? null : (kept.value as Grant);
      if (kept === null || grant === null) throw signIn('');
      // Neither does another server get it, nor the last authorization server the secret that is for the present one.
      if (!isGrantFor(grant, url, auth)) throw signIn('');
      if (isGood(grant)) return tokenIn(grant);
      if (grant.tokens.refresh_token === undefined) throw signIn('');
      if (await vault.claim(place, kept.version, CLAIM_MS)) return renewed(grant, kept);
      // Somebody else is about it.
      if (now() > until) throw new Error('the token is being renewed elsewhere, and that takes too long');
      await sleep(LOOK_MS);
    }
  }

  const isGood = ({ tokens, expiresAt }: Grant): boolean =>
    tokens.access_token !== refused && (expiresAt === null || expiresAt - MARGIN_MS > now());

  async function renewed(before: Grant, { version }: Kept): Promise<Token> {
    const { refreshAuthorization, OAuthError } = await import('@modelcontextprotocol/client');
    const { issuer, metadata, resource } = before.place;
    try {
      const tokens = await refreshAuthorization(issuer, {
        metadata,
        clientInformation: clientOf(auth, before.client),
        refreshToken: before.tokens.refresh_token ?? '',
        fetchFn: fetch,
        ...(resource !== null && { resource }),
      });
      grant = withTokens(before, tokens, now());
      // Whoever has signed in anew meanwhile has the better one; this one is good, too.
      await vault.renew(place, version, grant);
      return { ...tokenIn(grant), isOld: false };
    } catch (error) {
      const code = error instanceof OAuthError ? error.code : '';
      const isUnknown = code === 'invalid_client' && before.client !== null;
      if (isUnknown) await forgetClient(vault, server);
      if (isUnknown || code === 'invalid_grant') {
        // It is over: asking once more would not help.
        await vault.discard(place, version);
        throw signIn('');
      }
      await vault.release(place, version).catch(() => {});
      throw error;
    }
  }

  /** @param scope rights that are wanted beside those there are */
  function signIn(scope: string): CredentialError {
    const details = { server, who: whoOf(owner), path: parts.signInPath(scope) };
    return new CredentialError({ code: 'mcp_authorization_required', details, sent: false });
  }

  async function answered(response: Response, request: Outgoing): Promise<boolean> {
    const used = usedToken(request);
    if (response.status === 401) {
      refused = used;
      if (await holder.refused(used)) return true;
      throw signIn('');
    }
    const more = await scopeWanted(response);
    if (more !== null) throw signIn(await unionWith(more, grant));
    holder.accepted(used);
    return false;
  }

  return bearerToken(holder, { answered, secrets });
}

async function unionWith(more: string, grant: Grant | null): Promise<string> {
  const { computeScopeUnion } = await import('@modelcontextprotocol/client');
  return computeScopeUnion(grant?.tokens.scope ?? grant?.place.scope ?? undefined, more) ?? '';
}

/** The authorization server does not know the gateway any more: it registers itself anew with the next sign-in. */
export async function forgetClient(vault: Vault, server: string): Promise<void> {
  const place: VaultPlace = { server, owner: '', what: 'client' };
  const kept = await vault.read(place);
  if (kept !== null) await vault.discard(place, kept.version);
}

/** `user:ada` → `user "ada"`. */
export function whoOf(owner: string): string {
  const colon = owner.indexOf(':');
  const [kind, id] = [owner.slice(0, colon), owner.slice(colon + 1)];
  return id === '' ? 'gateway' : `${kind} "${id}"`;
}
