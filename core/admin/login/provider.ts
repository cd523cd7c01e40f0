import * as client from 'openid-client';
import type { OidcConfig } from '../../config/config.js';
import { type GatewayError, gatewayError } from '../../errors.js';

/** Seconds that the identity provider may take for one answer. */
const TIMEOUT_S = 10;
/** How long what the provider says of itself is taken for true. */
const FRESH_MS = 10 * 60_000;

/** What a sign-in is checked against when the browser comes back. */
export interface Expected {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

/** What the provider says of somebody. */
export interface Identity {
  readonly sub: string;
  readonly claims: Readonly<Record<string, unknown>>;
}

let known: { of: string; at: number; config: client.Configuration } | null = null;

/** What the provider says of itself, asked for when it is first needed. */
async function discovered(oidc: OidcConfig): Promise<client.Configuration> {
  const secret = oidc.clientSecret?.reveal();
  const of = JSON.stringify([oidc.issuer, oidc.clientId, secret]);
  if (known !== null && known.of === of && Date.now() - known.at < FRESH_MS) return known.config;
  const insecure = new URL(oidc.issuer).protocol === 'http:';
  const config = await client.discovery(
    new URL(oidc.issuer),
    oidc.clientId,
    secret,
    secret === undefined ? client.None() : undefined,
    {
      timeout: TIMEOUT_S,
      // The signature of what it says is checked, whatever the way it came. Over http only this machine is asked.
      execute: [client.enableNonRepudiationChecks, ...(insecure ? [client.allowInsecureRequests] : [])],
    },
  );
  known = { of, at: Date.now(), config };
  return config;
}

/** Where to send the browser, and what to expect when it comes back. Rejects with a GatewayError. */
export async function beginSignIn(
  oidc: OidcConfig,
  redirectUrl: string,
): Promise<{ url: string; expected: Expected }> {
  try {
    const config = await discovered(oidc);
    const verifier = client.randomPKCECodeVerifier();
    const expected = { state: client.randomState(), nonce: client.randomNonce(), verifier };
    const url = client.buildAuthorizationUrl(config, {
      redirect_uri: redirectUrl,
      scope: oidc.scopes.join(' '),
      state: expected.state,
      nonce: expected.nonce,
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    });
    return { url: url.href, expected };
  } catch (error) {
    throw told(error);
  }
}

/** Who it is, by what the browser came back with. Rejects with a GatewayError. */
export async function endSignIn(oidc: OidcConfig, url: URL, expected: Expected): Promise<Identity> {
  try {
    const config = await discovered(oidc);
    const tokens = await client.authorizationCodeGrant(config, url, {
      pkceCodeVerifier: expected.verifier,
      expectedState: expected.state,
      expectedNonce: expected.nonce,
      idTokenExpected: true,
    });
    const claims = tokens.claims();
    if (claims === undefined)
      throw gatewayError('login_refused', { why: 'the provider said nothing of who it is' });
    // Some providers say the most only there.
    const more =
      config.serverMetadata().userinfo_endpoint === undefined
        ? {}
        : await client.fetchUserInfo(config, tokens.access_token, claims.sub);
    return { sub: claims.sub, claims: { ...more, ...claims } };
  } catch (error) {
    throw told(error);
  }
}

/** Where the browser ends its session at the provider; null when the provider has no such place. */
export async function logoutUrl(oidc: OidcConfig): Promise<string | null> {
  try {
    const config = await discovered(oidc);
    if (config.serverMetadata().end_session_endpoint === undefined) return null;
    return client.buildEndSessionUrl(config).href;
  } catch {
    // Whoever wants to leave has left here, whether the provider answers or not.
    return null;
  }
}

/** In words that have nothing of what was sent or answered. */
function told(error: unknown): GatewayError {
  if (error instanceof client.AuthorizationResponseError) {
    const why = /^[a-z_]{1,50}$/.test(error.error) ? error.error : 'an error';
    return gatewayError('login_refused', { why: `the identity provider says ${why}` });
  }
  if (error instanceof client.ResponseBodyError)
    return error.status >= 500
      ? gatewayError('login_unavailable', { why: `it answered with ${error.status}` })
      : gatewayError('login_refused', {
          why: 'the identity provider does not take the code, or this client',
        });
  const code = codeOf(error) ?? codeOf(error instanceof Error ? error.cause : null);
  if (code !== null && BROKEN.has(code))
    return gatewayError('login_unavailable', { why: 'what it says of itself cannot be understood' });
  if (code?.startsWith('OAUTH_') === true && code !== 'OAUTH_TIMEOUT')
    return gatewayError('login_refused', {
      why: 'what came back from the identity provider is not what was asked for',
    });
  if (error instanceof Error && error.name === 'GatewayError') return error as GatewayError;
  return gatewayError('login_unavailable', { why: 'it does not answer' });
}

const BROKEN: ReadonlySet<string> = new Set([
  'OAUTH_PARSE_ERROR',
  'OAUTH_RESPONSE_IS_NOT_JSON',
  'OAUTH_RESPONSE_IS_NOT_CONFORM',
  'OAUTH_MISSING_SERVER_METADATA',
  'OAUTH_INVALID_SERVER_METADATA',
  'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED',
]);

function codeOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
}
