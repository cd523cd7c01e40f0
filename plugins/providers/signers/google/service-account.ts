import { createSign } from 'node:crypto';
import { SignerFailure, type SignerHost } from '@headgate/sdk';
import { askToken } from '../ask-token.js';
import { needed } from '../credential-json.js';
import type { Token } from '../token-source.js';
import { tokenUrl } from './token-url.js';

/** The longest a signed assertion may be good for. */
const ASSERTION_S = 3600;

export function fromServiceAccount(
  file: Record<string, string>,
  scope: string,
  host: SignerHost,
): Promise<Token> {
  const account = needed(file, ['client_email', 'private_key'], 'the service account');
  const url = tokenUrl(file);
  const now = Math.floor(host.clock.now() / 1000);
  const head = { alg: 'RS256', typ: 'JWT', ...(file['private_key_id'] && { kid: file['private_key_id'] }) };
  const claims = { iss: account.client_email, scope, aud: url, iat: now, exp: now + ASSERTION_S };
  const unsigned = `${base64url(head)}.${base64url(claims)}`;
  let signature: string;
  try {
    signature = createSign('RSA-SHA256').update(unsigned).sign(account.private_key, 'base64url');
  } catch {
    throw new SignerFailure('the private key of the service account cannot be used');
  }
  const form = {
    grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
    assertion: `${unsigned}.${signature}`,
  };
  return askToken(host, { who: "Google's token endpoint", url, form, secrets: [form.assertion] });
}

function base64url(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
