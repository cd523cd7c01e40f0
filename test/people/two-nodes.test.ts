import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../e2e/harness.js';
import { type Embedded, embed } from '../gateway/embedded.js';
import { ADMIN_TOKEN } from '../governance/admin-client.js';
import { noPostgres, type RealPostgres, startPostgres } from '../store/real-postgres.js';
import { Browser } from './browser.js';
import { CLIENT, type IdentityProvider, startIdentityProvider } from './identity-provider.js';

type Json = Record<string, unknown>;
interface Said {
  readonly status: number;
  readonly body: Json;
}

describe.skipIf(noPostgres !== null)('two nodes on one Postgres', () => {
  let server: RealPostgres;
  let provider: IdentityProvider;
  let nodes: [Embedded, Embedded];
  let url: string;

  const said = async (
    node: Embedded,
    headers: Record<string, string>,
    method: string,
    path: string,
    body?: unknown,
  ): Promise<Said> => {
    const answer = await node.fetch(path, {
      method,
      headers,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, body: text === '' ? {} : (JSON.parse(text) as Json) };
  };
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
  const admin = (method: string, path: string, body?: unknown, node = nodes[0]) =>
    said(node, bearer(ADMIN_TOKEN), method, path, body);

  beforeAll(async () => {
    server = await startPostgres();
    const store = { url: await server.database() };
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    provider = await startIdentityProvider(`${url}/api/auth/callback`, {
      ada: { name: 'Ada', email: 'ada@example.com', email_verified: true, groups: ['staff'] },
    });
    const config = {
      store,
      admin: {
        token: ADMIN_TOKEN,
        secret: 'a-server-secret-for-tests-0123456789',
        groups: [
          { group: 'staff', role: 'viewer' as const, team: 'red' },
          { group: 'Leads', role: 'admin' as const },
        ],
        oidc: { issuer: provider.issuer, client_id: CLIENT.id, client_secret: CLIENT.secret },
      },
      teams: { red: {} },
    };
    nodes = [await embed({ config, port }), await embed({ config })];
    await nodes[0].listen();
  }, 60_000);
  afterAll(async () => {
    for (const node of nodes ?? []) await node.close();
    await provider?.stop();
    await server?.stop();
  });

  it('share sessions, service tokens, users and groups, and what is taken back is so on both at once', async () => {
    const browser = new Browser();
    await browser.open(await browser.signInAs(`${url}/api/auth/login`, `${url}/api/auth/callback`, 'ada'));
    const cookie = { cookie: `headgate-session=${browser.cookie(url, 'headgate-session')}` };
    const me = (node: Embedded) => said(node, cookie, 'GET', '/api/auth/session');
    for (const node of nodes)
      expect((await me(node)).body).toMatchObject({
        id: 'ada@example.com',
        roles: [{ role: 'viewer', team: 'red' }],
      });

    const made = await admin('POST', '/api/service-tokens', { name: 'scim', roles: [{ role: 'scim' }] });
    const scim = bearer(String(made.body['secret']));
    const users = await said(nodes[1], scim, 'POST', '/api/scim/v2/Users', {
      userName: 'bob@example.com',
      externalId: 'b-1',
    });
    expect(users.status).toBe(201);
    for (const filter of [
      'userName eq "BOB@example.com"',
      'externalId eq "b-1"',
      'userName eq "ada@example.com"',
    ]) {
      const path = `/api/scim/v2/Users?filter=${encodeURIComponent(filter)}`;
      expect([filter, (await said(nodes[0], scim, 'GET', path)).body['totalResults']]).toEqual([filter, 1]);
    }
    expect((await said(nodes[0], scim, 'GET', '/api/scim/v2/Users?count=1&startIndex=2')).body).toMatchObject(
      {
        totalResults: 2,
        Resources: [{ id: 'bob@example.com' }],
      },
    );
    const again = await said(nodes[0], scim, 'POST', '/api/scim/v2/Users', { userName: 'Ada@example.com' });
    expect([again.status, again.body['scimType']]).toEqual([409, 'uniqueness']);

    const group = { displayName: 'Leads', members: [{ value: 'ada@example.com' }] };
    expect((await said(nodes[1], scim, 'POST', '/api/scim/v2/Groups', group)).status).toBe(201);
    expect((await me(nodes[0])).body['roles']).toContainEqual({ role: 'admin' });
    await admin('PUT', '/api/teams/red/members/bob@example.com', { role: 'team_admin' });
    expect((await admin('GET', '/api/teams/red/members', undefined, nodes[1])).body['data']).toMatchObject([
      { id: 'bob@example.com', role: 'team_admin' },
    ]);

    const patch = { Operations: [{ op: 'replace', value: { active: false } }] };
    await said(nodes[1], scim, 'PATCH', '/api/scim/v2/Users/ada@example.com', patch);
    for (const node of nodes) expect((await me(node)).status).toBe(401);
    await admin('POST', `/api/service-tokens/${made.body['id']}/revoke`);
    for (const node of nodes) expect((await said(node, scim, 'GET', '/api/scim/v2/Users')).status).toBe(401);
    const audit = await admin('GET', '/api/audit?limit=100');
    const actions = (audit.body['data'] as Json[]).map(({ action, kind }) => `${action} ${kind}`);
    expect(actions).toEqual(
      expect.arrayContaining(['login session', 'create user', 'create group', 'revoke service_token']),
    );
  });
});
