import { randomUUID } from 'node:crypto';
import { type Signer, SignerFailure, type SignerHost } from '@headgate/sdk';
import { askToken } from './ask-token.js';
import { credentialJson, needed } from './credential-json.js';
import { type Token, TokenSource } from './token-source.js';

/**
 * OAuth 2.0 client credentials: a token of `tokenUrl` as `Authorization: Bearer`. The credential is `id:secret`, JSON with
 * `client_id` and `client_secret`, or the two in base64 as they stand behind `Basic`. Options: `tokenUrl`, `scope`,
 * `audience`; `style: body` sends id and secret in the form; `requestIdHeader` names a header for a fresh UUID.
 */
export const oauthClientCredentials: Signer = {
  id: 'oauth-client-credentials',
  withoutBody: true,
  open: (credential, options, host) => new TokenSource(() => token(credential, options, host), host.clock),
};

async function token(credential: string, options: Record<string, string>, host: SignerHost): Promise<Token> {
  const url = options['tokenUrl'];
  if (!url) throw new SignerFailure('signerOptions.tokenUrl is missing');
  if (credential === '') throw new SignerFailure('there is no client id and secret: give the provider a key');
  const form: Record<string, string> = { grant_type: 'client_credentials' };
  if (options['scope']) form['scope'] = options['scope'];
  if (options['audience']) form['audience'] = options['audience'];
  const headers: Record<string, string> = {};
  if (options['requestIdHeader']) headers[options['requestIdHeader']] = randomUUID();
  if (options['style'] === 'body') Object.assign(form, idAndSecret(credential));
  else headers['authorization'] = `Basic ${basic(credential)}`;
  return askToken(host, { who: new URL(url).host, url, headers, form, secrets: secretsOf(credential) });
}

function secretsOf(credential: string): string[] {
  if (!credential.includes(':')) return [credential];
  return [credential, idAndSecret(credential).client_secret];
}

function basic(credential: string): string {
  if (!credential.includes(':')) return credential;
  const { client_id: id, client_secret: secret } = idAndSecret(credential);
  // RFC 6749, 2.3.1: each is form-encoded before the two are joined.
  return Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString('base64');
}

function idAndSecret(credential: string): { client_id: string; client_secret: string } {
  const json = credentialJson(credential);
  if (json !== null) return needed(json, ['client_id', 'client_secret'], 'the credential');
  const colon = credential.indexOf(':');
  if (colon < 1) throw new SignerFailure('the credential is not "id:secret"');
  return { client_id: credential.slice(0, colon), client_secret: credential.slice(colon + 1) };
}
