import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { afterAll, describe, expect, it } from 'vitest';
import { embed } from '../gateway/embedded.js';
import { ADMIN_TOKEN } from '../governance/admin-client.js';

const pair = await generateKeyPair('ES256', { extractable: true });
const jwk = await exportJWK(pair.publicKey);
const issuer = (name: string, claims: object) => ({
  name,
  issuer: `urn:${name}`,
  audience: 'headgate',
  keys: [{ ...jwk }],
  claims,
});
const gateway = await embed({
  config: {
    admin: { token: ADMIN_TOKEN },
    store: { url: 'sqlite::memory:' },
    users: {
      filed: { email: 'Filed@example.com', denied_models: ['mock/secret'] },
      twin: { email: 'both@example.com' },
    },
    auth: {
      jwt: {
        issuers: [
          issuer('mail', { user: 'email', user_is: 'email' }),
          issuer('names', { user: 'login', user_is: 'scim_user_name' }),
          issuer('ids', { user: 'oid', user_is: 'scim_external_id' }),
        ],
      },
    },
  },
});
afterAll(() => gateway.close());

const api = async (method: string, path: string, body?: object, token = ADMIN_TOKEN) => {
  const answer = await gateway.fetch(path, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return (await answer.json()) as Record<string, unknown>;
};
const { secret } = await api('POST', '/api/service-tokens', { name: 'idp', roles: [{ role: 'scim' }] });
const scim = (method: string, path: string, body: object) =>
  api(method, `/api/scim/v2${path}`, body, String(secret));
const ada = String(
  (
    await scim('POST', '/Users', {
      userName: 'Ada Lovelace',
      externalId: '00u1A',
      emails: [{ value: 'ada@example.com' }],
    })
  )['id'],
);
await api('POST', '/api/users', { id: 'other', email: 'both@example.com' });

async function ask(from: string, claims: JWTPayload, model = 'mock/hello') {
  const token = await new SignJWT(claims)
    .setProtectedHeader({ alg: 'ES256' })
    .setIssuer(`urn:${from}`)
    .setAudience('headgate')
    .setExpirationTime('5m')
    .sign(pair.privateKey);
  const answer = await gateway.fetch('/v1/chat/completions', {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Hello' }] }),
  });
  return { status: answer.status, text: await answer.text() };
}
const users = async (): Promise<unknown> => {
  const { rows } = await api('GET', '/api/usage?group_by=user,key');
  return (rows as { user: string; key: string; requests: number }[])
    .map(({ user, key, requests }) => [user, key, requests])
    .toSorted();
};

describe('the user of a token', () => {
  it('is found by the e-mail address, by the user name and by the id of the identity provider', async () => {
    expect((await ask('mail', { email: 'filed@EXAMPLE.com' })).status).toBe(200);
    expect((await ask('mail', { email: 'ada@example.com' })).status).toBe(200);
    expect((await ask('names', { login: 'ada lovelace' })).status).toBe(200);
    expect((await ask('ids', { oid: '00u1A' })).status).toBe(200);
    expect(await users()).toEqual(
      [
        ['filed', 'jwt:mail:filed', 1],
        [ada, `jwt:ids:${ada}`, 1],
        [ada, `jwt:mail:${ada}`, 1],
        [ada, `jwt:names:${ada}`, 1],
      ].toSorted(),
    );
  });

  it('has its own rules', async () => {
    const refused = await ask('mail', { email: 'filed@example.com' }, 'mock/secret');
    expect([refused.status, refused.text]).toEqual([403, expect.stringContaining('model_not_allowed')]);
  });

  it('is counted by the name alone when nobody here has it, and refused when that is no id', async () => {
    expect((await ask('mail', { email: 'new@example.com' })).status).toBe(200);
    // The id of a user is no e-mail address.
    expect((await ask('mail', { email: 'filed' }, 'mock/secret')).status).toBe(200);
    // Ids of other systems are told apart letter by letter.
    expect((await ask('ids', { oid: '00U1a' })).status).toBe(200);
    const refused = await ask('names', { login: 'no such user' });
    expect([refused.status, refused.text]).toEqual([401, expect.stringContaining('not known here')]);
  });

  it('is nobody when several have the name, or the address is not verified', async () => {
    const several = await ask('mail', { email: 'both@example.com' });
    expect([several.status, several.text]).toEqual([401, expect.stringContaining('several users')]);
    const unsure = await ask('mail', { email: 'ada@example.com', email_verified: false });
    expect([unsure.status, unsure.text]).toEqual([401, expect.stringContaining('not verified')]);
  });

  it('follows what the identity provider changes, at once', async () => {
    const patch = (path: string, value: unknown) =>
      scim('PATCH', `/Users/${ada}`, { Operations: [{ op: 'replace', path, value }] });
    await patch('userName', 'Ada King');
    expect((await ask('names', { login: 'ada king' })).status).toBe(200);
    expect((await ask('names', { login: 'ada lovelace' })).status).toBe(401);
    await patch('active', false);
    expect((await ask('ids', { oid: '00u1A' })).status).toBe(403);
  });
});
