import { randomBytes } from 'node:crypto';
import type { OAuthClientInformation } from '@modelcontextprotocol/client';
import type { OauthUsersConfig } from '../../../config/mcp-auth-config.js';
import { addressOfServer, type McpServerConfig } from '../../../config/mcp-config.js';
import { isSafeUrl } from '../../../config/sections/oidc.js';
import { type AuthorizationPlace, discover } from './discover.js';
import { clientOf, type Grant, withTokens } from './grant.js';
import type { PlainFetch } from './signed-fetch.js';
import type { Vault, VaultPlace } from './vault.js';

/** Of somebody who is on the way to an authorization server. Holds secrets. */
export interface SignInBegun {
  readonly state: string;
  readonly verifier: string;
  readonly redirectUrl: string;
  readonly url: string;
  readonly place: AuthorizationPlace;
  readonly client: OAuthClientInformation | null;
}

/** Where the gateway is for authorization servers. */
export interface OwnAddress {
  /** Where browsers come back to. */
  readonly redirectUrl: string;
  /** Where what the gateway is as a client can be read (RFC 7591's metadata at a URL that is the client's id); null where nobody could. */
  readonly clientUrl: string | null;
}

/** What the gateway says of itself as a client. */
export function clientMetadata({ redirectUrl }: OwnAddress) {
  return {
    client_name: 'Headgate',
    redirect_uris: [redirectUrl],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
  };
}

/**
 * Begins a sign-in of somebody at a server's authorization server. Rejects with words for people.
 *
 * @param scope rights that are wanted; '' for those that the server says
 */
export async function beginSignIn(
  server: McpServerConfig & { readonly auth: OauthUsersConfig },
  own: OwnAddress,
  scope: string,
  { vault, fetch }: { readonly vault: Vault; readonly fetch: PlainFetch },
): Promise<{ to: string; begun: SignInBegun }> {
  const { auth } = server;
  const url = addressOfServer(server);
  const mcp = await import('@modelcontextprotocol/client');
  const place = await discover(url, auth, fetch);
  const { issuer, metadata, resource } = place;
  if (!isSafeUrl(metadata.authorization_endpoint))
    throw new Error('its authorization server is at an address that is not safe');
  const supported = metadata.scopes_supported ?? [];
  // Without it some give no refresh token.
  const wanted = mcp.computeScopeUnion(
    scope === '' ? (place.scope ?? undefined) : scope,
    supported.includes('offline_access') ? 'offline_access' : undefined,
  );
  const client =
    auth.clientId === null ? await register(server.id, place, own, wanted, { vault, fetch }) : null;
  const state = randomBytes(32).toString('base64url');
  const { authorizationUrl, codeVerifier } = await mcp.startAuthorization(issuer, {
    metadata,
    clientInformation: clientOf(auth, client),
    redirectUrl: own.redirectUrl,
    state,
    ...(wanted !== undefined && { scope: wanted }),
    ...(resource !== null && { resource }),
  });
  const begun = { state, verifier: codeVerifier, redirectUrl: own.redirectUrl, url, place, client };
  return { to: authorizationUrl.href, begun };
}

/** What an authorization server has sent the browser back with. */
export interface SignInAnswer {
  readonly code: string;
  /** RFC 9207; null: it said nothing of itself. */
  readonly issuer: string | null;
}

/** Rejects with words for people. */
export async function endSignIn(
  auth: OauthUsersConfig,
  { place, client, verifier, redirectUrl, url }: SignInBegun,
  { code, issuer }: SignInAnswer,
  fetch: PlainFetch,
): Promise<Grant> {
  const { exchangeAuthorization } = await import('@modelcontextprotocol/client');
  const tokens = await exchangeAuthorization(place.issuer, {
    metadata: place.metadata,
    clientInformation: clientOf(auth, client),
    authorizationCode: code,
    codeVerifier: verifier,
    redirectUri: redirectUrl,
    fetchFn: fetch,
    ...(issuer !== null && { iss: issuer }),
    ...(place.resource !== null && { resource: place.resource }),
  });
  return withTokens({ url, place, client }, tokens, Date.now());
}

/** As the vault has it. */
interface Registered {
  readonly issuer: string;
  readonly redirectUrl: string;
  /** What it may ask for; '' for what the authorization server thinks. */
  readonly scope: string;
  readonly client: OAuthClientInformation & { readonly client_secret_expires_at?: number };
}

/** What the authorization server knows the gateway as: by a document of ours where it reads such, else as it was registered there. */
async function register(
  server: string,
  { issuer, metadata }: AuthorizationPlace,
  own: OwnAddress,
  scope: string | undefined,
  { vault, fetch }: { readonly vault: Vault; readonly fetch: PlainFetch },
): Promise<OAuthClientInformation> {
  if (own.clientUrl !== null && metadata.client_id_metadata_document_supported === true)
    return { client_id: own.clientUrl };
  const place: VaultPlace = { server, owner: '', what: 'client' };
  const known = (await vault.read(place))?.value as Registered | undefined;
  const endsMs = (known?.client.client_secret_expires_at ?? 0) * 1000;
  if (
    known !== undefined &&
    known.issuer === issuer &&
    known.redirectUrl === own.redirectUrl &&
    covers(known.scope, scope) &&
    (endsMs === 0 || endsMs > Date.now())
  )
    return known.client;
  if (metadata.registration_endpoint === undefined)
    throw new Error('its authorization server registers no clients; set auth.client_id');
  const { registerClient } = await import('@modelcontextprotocol/client');
  const client = await registerClient(issuer, {
    metadata,
    clientMetadata: clientMetadata(own),
    fetchFn: fetch,
    ...(scope !== undefined && { scope }),
  });
  const registered: Registered = { issuer, redirectUrl: own.redirectUrl, scope: scope ?? '', client };
  await vault.put(place, registered);
  return client;
}

/** Whether who was registered for `scope` may ask for these rights. */
function covers(scope: string, wanted: string | undefined): boolean {
  const known = scope.split(' ');
  return wanted === undefined || wanted.split(' ').every((one) => known.includes(one));
}
