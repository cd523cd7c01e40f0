import type { OauthUsersConfig } from '../../../config/mcp-auth-config.js';
import { clientOf, type Grant } from './grant.js';
import type { PlainFetch } from './signed-fetch.js';

/** Tells an authorization server that a grant is of no use any more (RFC 7009), where it wants to know. Rejects when it says no. */
export async function revoke(auth: OauthUsersConfig, grant: Grant, fetch: PlainFetch): Promise<void> {
  const { metadata, revocation } = grant.place;
  if (revocation === null) return;
  const { client_id: id, client_secret: secret } = clientOf(auth, grant.client);
  const { access_token: access, refresh_token: refresh } = grant.tokens;
  const form = new URLSearchParams({
    token: refresh ?? access,
    token_type_hint: refresh === undefined ? 'access_token' : 'refresh_token',
  });
  const headers: Record<string, string> = { 'content-type': 'application/x-www-form-urlencoded' };
  const methods = metadata.token_endpoint_auth_methods_supported ?? [];
  if (secret !== undefined && (methods.length === 0 || methods.includes('client_secret_basic'))) {
    const both = `${encodeURIComponent(id)}:${encodeURIComponent(secret)}`;
    headers['authorization'] = `Basic ${Buffer.from(both).toString('base64')}`;
  } else {
    form.set('client_id', id);
    if (secret !== undefined) form.set('client_secret', secret);
  }
  const answer = await fetch(revocation, { method: 'POST', headers, body: form });
  if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
}
