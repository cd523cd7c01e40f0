import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Embedded, embed } from '../gateway/embedded.js';
import { ADMIN_TOKEN } from './admin-client.js';

type Json = Record<string, unknown>;
interface Said {
  readonly status: number;
  readonly body: Json;
}

let gateway: Embedded;
const said = async (token: string, method: string, path: string, body?: unknown): Promise<Said> => {
  const answer = await gateway.fetch(path, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: (await answer.json()) as Json };
};
const admin = (method: string, path: string, body?: unknown) => said(ADMIN_TOKEN, method, path, body);
const code = ({ body }: Said): unknown => (body['error'] as Json | undefined)?.['code'];
const ids = ({ body }: Said): unknown[] => (body['data'] as Json[]).map(({ id }) => id);
/** A service token with these roles. */
const tokenWith = async (...roles: object[]): Promise<string> =>
  String((await admin('POST', '/api/service-tokens', { name: 'one', roles })).body['secret']);

beforeAll(async () => {
  gateway = await embed({
    config: {
      admin: { token: ADMIN_TOKEN },
      auth: { required: false },
      teams: { filed: { organization: 'acme' } },
      organizations: { acme: {} },
      users: { boss: { email: 'boss@example.com', roles: [{ role: 'owner' }] } },
    },
  });
  await admin('POST', '/api/teams', { id: 'red', organization: 'acme' });
  await admin('POST', '/api/teams', { id: 'blue', organization: 'acme' });
  await admin('POST', '/api/projects', { id: 'red-bot', team: 'red' });
  await admin('POST', '/api/keys', { id: 'key-red', team: 'red' });
  await admin('POST', '/api/keys', { id: 'key-bot', project: 'red-bot' });
  await admin('POST', '/api/keys', { id: 'key-blue', team: 'blue' });
  await admin('POST', '/api/keys', { id: 'key-free' });
  await admin('POST', '/api/users', { id: 'ada' });
  await admin('POST', '/api/users', { id: 'bob', roles: [{ role: 'admin', organization: 'acme' }] });
});
afterAll(() => gateway.close());

describe('whoever manages a team', () => {
  let red: string;
  beforeAll(async () => {
    red = await tokenWith({ role: 'team_admin', team: 'red' });
  });

  it('sees what is in the team, and nothing else', async () => {
    expect(ids(await said(red, 'GET', '/api/keys'))).toEqual(['key-bot', 'key-red']);
    expect(ids(await said(red, 'GET', '/api/keys?limit=1'))).toEqual(['key-bot']);
    expect(ids(await said(red, 'GET', '/api/teams'))).toEqual(['red']);
    expect(ids(await said(red, 'GET', '/api/organizations'))).toEqual([]);
    expect(ids(await said(red, 'GET', '/api/projects'))).toEqual(['red-bot']);
    for (const path of ['/api/keys/key-blue', '/api/keys/key-free', '/api/teams/blue', '/api/teams/filed']) {
      const refused = await said(red, 'GET', path);
      expect([path, refused.status, code(refused)]).toEqual([path, 404, 'entity_unknown']);
    }
  });

  it('makes, changes and takes back keys in the team alone', async () => {
    const made = await said(red, 'POST', '/api/keys', { id: 'key-new', team: 'red', budget: { usd: 9 } });
    expect(made.status).toBe(201);
    expect((await said(red, 'PATCH', '/api/keys/key-new', { name: 'new' })).status).toBe(200);
    expect((await said(red, 'POST', '/api/keys/key-new/rotate', {})).status).toBe(200);
    expect(code(await said(red, 'PATCH', '/api/keys/key-new', { team: 'blue' }))).toBe('permission_missing');
    expect(code(await said(red, 'POST', '/api/keys', { id: 'key-x', team: 'blue' }))).toBe(
      'permission_missing',
    );
    expect(code(await said(red, 'POST', '/api/keys', { id: 'key-x' }))).toBe('permission_missing');
    for (const [method, path] of [
      ['PATCH', '/api/keys/key-blue'],
      ['DELETE', '/api/keys/key-blue'],
      ['POST', '/api/keys/key-blue/revoke'],
    ] as const)
      expect(code(await said(red, method, path, {}))).toBe('entity_unknown');
    // What was refused has left nothing.
    expect((await admin('GET', '/api/keys/key-x')).status).toBe(404);
    expect((await admin('GET', '/api/keys/key-new')).body).toMatchObject({ team: 'red', name: 'new' });
    expect((await said(red, 'DELETE', '/api/keys/key-new')).status).toBe(200);
  });

  it('may not change what binds the team itself, nor the rest of the gateway', async () => {
    expect(code(await said(red, 'PATCH', '/api/teams/red', { budgets: [] }))).toBe('permission_missing');
    expect((await said(red, 'PATCH', '/api/projects/red-bot', { name: 'Bot' })).status).toBe(200);
    for (const path of ['/metrics', '/api/audit', '/api/service-tokens'])
      expect(code(await said(red, 'GET', path))).toBe('permission_missing');
    expect(code(await said(red, 'POST', '/api/service-tokens', {}))).toBe('permission_missing');
  });

  it('gives roles in the team, none above the own', async () => {
    expect((await said(red, 'PUT', '/api/teams/red/members/ada', { role: 'member' })).status).toBe(200);
    expect((await said(red, 'GET', '/api/teams/red/members')).body['data']).toEqual([
      { id: 'ada', name: 'ada', email: null, role: 'member' },
    ]);
    expect(ids(await said(red, 'GET', '/api/users'))).toEqual(['ada']);
    for (const role of ['admin', 'owner'])
      expect(code(await said(red, 'PUT', '/api/teams/red/members/ada', { role }))).toBe('role_above_own');
    expect((await said(red, 'PUT', '/api/teams/red/members/ada', { role: 'scim' })).status).toBe(400);
    expect(code(await said(red, 'PUT', '/api/teams/blue/members/ada', {}))).toBe('entity_unknown');
    // Her account is not theirs.
    expect(code(await said(red, 'PATCH', '/api/users/ada', { disabled: true }))).toBe('permission_missing');
    expect(code(await said(red, 'PATCH', '/api/users/bob', { disabled: true }))).toBe('entity_unknown');
    expect((await said(red, 'DELETE', '/api/teams/red/members/ada')).status).toBe(200);
    expect(code(await said(red, 'DELETE', '/api/teams/red/members/ada'))).toBe('entity_unknown');
  });
});

it('an admin of an organization has its teams, and nobody above', async () => {
  const acme = await tokenWith({ role: 'admin', organization: 'acme' });
  expect(ids(await said(acme, 'GET', '/api/teams'))).toEqual(['blue', 'filed', 'red']);
  expect((await said(acme, 'PATCH', '/api/teams/red', { name: 'Reds' })).status).toBe(200);
  expect(code(await said(acme, 'PATCH', '/api/organizations/acme', { name: 'x' }))).toBe('entity_read_only');
  expect(code(await said(acme, 'POST', '/api/teams', { id: 'outside' }))).toBe('permission_missing');
  expect((await said(acme, 'GET', '/api/keys/key-free')).status).toBe(404);
});

it('an admin of everything may not make owners, nor change one', async () => {
  await admin('POST', '/api/users', { id: 'eve', roles: [{ role: 'owner' }] });
  const all = await tokenWith({ role: 'admin' });
  expect((await said(all, 'PATCH', '/api/users/ada', { roles: [{ role: 'admin' }] })).status).toBe(200);
  expect(code(await said(all, 'PATCH', '/api/users/ada', { roles: [{ role: 'owner' }] }))).toBe(
    'role_above_own',
  );
  expect(code(await said(all, 'PATCH', '/api/users/eve', { disabled: true }))).toBe('role_above_own');
  const given = { name: 'up', roles: [{ role: 'owner' }] };
  expect(code(await said(all, 'POST', '/api/service-tokens', given))).toBe('role_above_own');
  // Nor by the way of a file.
  const file = (role: string) => ({ users: { mallory: { roles: [{ role }] } } });
  expect(code(await said(all, 'POST', '/api/import', file('owner')))).toBe('role_above_own');
  expect((await admin('GET', '/api/users/mallory')).status).toBe(404);
  expect((await said(all, 'POST', '/api/import', file('viewer'))).status).toBe(200);
  expect((await said(all, 'GET', '/api/audit')).status).toBe(200);
});

it('a viewer reads everything and changes nothing', async () => {
  const view = await tokenWith({ role: 'viewer' });
  for (const path of [
    '/api/keys',
    '/api/usage',
    '/api/audit',
    '/metrics',
    '/api/users',
    '/api/service-tokens',
  ])
    expect([
      path,
      (await gateway.fetch(path, { headers: { authorization: `Bearer ${view}` } })).status,
    ]).toEqual([path, 200]);
  expect(code(await said(view, 'POST', '/api/keys', {}))).toBe('permission_missing');
  expect(code(await said(view, 'DELETE', '/api/keys/key-red'))).toBe('permission_missing');
});

it('invoices are those of the own teams', async () => {
  const red = await tokenWith({ role: 'team_admin', team: 'red' });
  const acme = await tokenWith({ role: 'admin', organization: 'acme' });
  const draft = (token: string, who: string) => said(token, 'GET', `/api/invoices?month=2026-01&${who}`);
  expect((await draft(red, 'team=red')).body).toMatchObject({ status: 'draft', team: 'red' });
  for (const who of ['team=blue', 'customer=red', 'org=acme'])
    expect(code(await draft(red, who))).toBe('entity_unknown');
  const issue = (token: string, body: object) =>
    said(token, 'POST', '/api/invoices', { month: '2026-01', ...body });
  expect(code(await issue(red, { team: 'red' }))).toBe('permission_missing');
  expect(code(await issue(acme, { org: 'acme' }))).toBe('permission_missing');
  const { number } = (await issue(ADMIN_TOKEN, { org: 'acme' })).body;
  expect((await said(acme, 'GET', `/api/invoices/${String(number)}`)).body).toMatchObject({ number });
  expect(code(await said(red, 'GET', `/api/invoices/${String(number)}`))).toBe('entity_unknown');
  expect((await said(red, 'GET', '/api/invoices')).body['data']).toEqual([]);
  expect((await said(acme, 'GET', '/api/invoices')).body['data']).toMatchObject([{ number, org: 'acme' }]);
});

it('usage is that of the own teams', async () => {
  const secretOf = async (team: string): Promise<string> =>
    String((await admin('POST', '/api/keys', { team })).body['secret']);
  for (const key of [await secretOf('red'), await secretOf('blue')]) {
    const answer = await gateway.fetch('/v1/chat/completions', {
      method: 'POST',
      headers: { authorization: `Bearer ${key}` },
      body: JSON.stringify({ model: 'mock/hello', messages: [{ role: 'user', content: 'Hello' }] }),
    });
    expect(answer.status).toBe(200);
    await answer.text();
  }
  const teams = async (token: string, query = 'group_by=team'): Promise<unknown[]> =>
    ((await said(token, 'GET', `/api/usage?${query}`)).body['rows'] as Json[]).map(({ team }) => team).sort();
  expect(await teams(ADMIN_TOKEN)).toEqual(['blue', 'red']);
  const red = await tokenWith({ role: 'team_admin', team: 'red' });
  expect(await teams(red)).toEqual(['red']);
  expect(await teams(red, 'group_by=team&team=blue')).toEqual([]);
  const both = await tokenWith({ role: 'viewer', team: 'red' }, { role: 'viewer', organization: 'acme' });
  expect(await teams(both)).toEqual(['blue', 'red']);
  // Nothing of a person belongs to a program.
  expect(await teams(await tokenWith({ role: 'member', team: 'red' }))).toEqual([]);
});

describe('service tokens', () => {
  it('are shown once, listed without their secret, and work until they are taken back', async () => {
    const { body } = await admin('POST', '/api/service-tokens', { name: 'ci', roles: [{ role: 'viewer' }] });
    const { secret, ...token } = body;
    expect(secret).toMatch(/^hgs-[\w-]{43}$/);
    expect(token).toMatchObject({ name: 'ci', status: 'active', last_used_at: null, made_by: 'admin' });
    expect((await said(String(secret), 'GET', '/api/keys')).status).toBe(200);
    const again = (await admin('GET', `/api/service-tokens/${token['id']}`)).body;
    expect(again).toMatchObject({ ...token, last_used_at: expect.stringMatching(/Z$/) });
    const all = JSON.stringify((await admin('GET', '/api/service-tokens')).body);
    expect(all).toContain(String(token['id']));
    expect(all).not.toContain(secret);
    expect((await admin('POST', `/api/service-tokens/${token['id']}/revoke`)).body).toMatchObject({
      status: 'revoked',
    });
    expect(code(await said(String(secret), 'GET', '/api/keys'))).toBe('admin_required');
    expect((await admin('DELETE', `/api/service-tokens/${token['id']}`)).status).toBe(200);
  });

  it('end when they expire', async () => {
    const expires = new Date(Date.now() + 300).toISOString();
    const given = { name: 'short', roles: [{ role: 'viewer' }], expires };
    const token = String((await admin('POST', '/api/service-tokens', given)).body['secret']);
    expect((await said(token, 'GET', '/api/keys')).status).toBe(200);
    await new Promise((resolve) => setTimeout(resolve, 350));
    expect((await said(token, 'GET', '/api/keys')).status).toBe(401);
  });

  it('say in the audit who did what', async () => {
    const given = { name: 'writer', roles: [{ role: 'admin' }] };
    const { body } = await admin('POST', '/api/service-tokens', given);
    await said(String(body['secret']), 'POST', '/api/keys', { id: 'by-token' });
    const { body: page } = await admin('GET', '/api/audit?id=by-token');
    expect(page['data']).toMatchObject([{ actor: `token:${body['id']}`, action: 'create' }]);
    expect(JSON.stringify((await admin('GET', '/api/audit')).body)).not.toContain(body['secret']);
  });

  it('cannot be made of what makes no sense, nor shown in place of something else', async () => {
    for (const given of [
      {},
      { name: 'x', roles: [] },
      { name: 'x', roles: [{ role: 'god' }] },
      { name: 'x', roles: [{ role: 'viewer', team: 'a', organization: 'b' }] },
      { name: 'x', roles: [{ role: 'viewer', team: "'; DROP TABLE control_entities; --" }] },
      { name: 'x\r\nset-cookie: a=b', roles: [{ role: 'viewer' }] },
      { name: 'x', roles: [{ role: 'viewer' }], secret: 'hgs-mine' },
    ])
      expect(code(await admin('POST', '/api/service-tokens', given))).toBe('entity_invalid');
    for (const shown of [
      'hgs-',
      'hgs-unknown',
      `hgs-${'a'.repeat(5000)}`,
      "hgs-' OR 1=1 --",
      'hg-key',
      'Bearer x',
    ])
      expect(code(await said(shown, 'GET', '/api/keys'))).toBe('admin_required');
  });
});
