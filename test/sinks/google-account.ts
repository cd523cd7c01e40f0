import { createVerify, generateKeyPairSync } from 'node:crypto';
import type { SinkHost } from '@headgate/sdk';
import type { SinkRows } from '../../core/sinks/sinks.js';
import { sinkRows } from '../../plugins/sinks/index.js';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const TOKEN_URL = 'https://oauth2.googleapis.com/token';

/** A service account as its file has it. */
export const account = {
  type: 'service_account',
  client_email: 'gate@project.iam.gserviceaccount.com',
  private_key_id: 'key-1',
  private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  token_uri: TOKEN_URL,
};

/**
 * Google's token endpoint (https://developers.google.com/identity/protocols/oauth2/service-account#httprest), which is reached by
 * https alone: a token for each assertion that is signed with the account's key.
 */
export function tokenEndpoint(): { fetch: SinkHost['fetch']; given: string[] } {
  const given: string[] = [];
  const fetch: SinkHost['fetch'] = async (url, init = {}) => {
    const assertion = new URLSearchParams(init.body ?? '').get('assertion') ?? '';
    const [head = '', claims = '', signature = ''] = assertion.split('.');
    const signed = createVerify('RSA-SHA256')
      .update(`${head}.${claims}`)
      .verify(publicKey, signature, 'base64url');
    if (url !== TOKEN_URL || !signed)
      return { status: 400, headers: {}, text: async () => '{"error":"invalid_grant"}' };
    given.push(`token-${given.length + 1}`);
    const body = JSON.stringify({ access_token: given.at(-1), expires_in: 3599, token_type: 'Bearer' });
    return { status: 200, headers: {}, text: async () => body };
  };
  return { fetch, given };
}

/** All sinks, which ask for tokens by that. */
export const rowsWith = (fetch: SinkHost['fetch']): SinkRows =>
  new Map(
    [...sinkRows].map(([id, row]) => [
      id,
      { ...row, open: (values, host) => row.open(values, { ...host, fetch }) },
    ]),
  );
