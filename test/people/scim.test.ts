import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../e2e/harness.js';
import { type Embedded, embed } from '../gateway/embedded.js';
import { ADMIN_TOKEN, ask } from '../governance/admin-client.js';
import { Browser } from './browser.js';
import { CLIENT, type IdentityProvider, startIdentityProvider } from './identity-provider.js';

type Json = Record<string, unknown>;
interface Said {
  readonly status: number;
  readonly body: Json;
  readonly headers: Headers;
}

const PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
const ERROR = 'urn:ietf:params:scim:api:messages:2.0:Error';

let provider: IdentityProvider;
let gateway: Embedded;
let url: string;
let token: string;

const request = async (bearer: string, method: string, path: string, body?: unknown): Promise<Said> => {
  const answer = await gateway.fetch(path, {
    method,
    headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/scim+json' },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await answer.text();
  return {
    status: answer.status,
    body: text === '' ? {} : (JSON.parse(text) as Json),
    headers: answer.headers,
  };
};
const scim = (method: string, path: string, body?: unknown) =>
  request(token, method, `/api/scim/v2${path}`, body);
const admin = (method: string, path: string, body?: unknown) => request(ADMIN_TOKEN, method, path, body);
const patch = (...Operations: object[]) => ({ schemas: [PATCH], Operations });
const found = ({ body }: Said): unknown[] => (body['Resources'] as Json[]).map(({ id }) => id);
const filtered = (what: string, filter: string) =>
  scim('GET', `/${what}?filter=${encodeURIComponent(filter)}`);

/** As Okta sends one. */
const okta = (userName: string, more: Json = {}): Json => ({
  schemas: [USER],
  userName,
  name: { givenName: 'Ada', familyName: 'Lovelace' },
  emails: [{ primary: true, value: userName, type: 'work' }],
  displayName: 'Ada Lovelace',
  locale: 'en-US',
  externalId: `okta-${userName}`,
  groups: [],
  password: 'not-kept-Tp9J4',
  active: true,
  ...more,
});

beforeAll(async () => {
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  provider = await startIdentityProvider(`${url}/api/auth/callback`, {
    grace: { name: 'Grace', email: 'grace@example.com', email_verified: true },
  });
  gateway = await embed({
    port,
    config: {
      admin: {
        token: ADMIN_TOKEN,
        groups: [{ group: 'Leads', role: 'team_admin', team: 'red' }],
        oidc: {
          issuer: provider.issuer,
          client_id: CLIENT.id,
          client_secret: CLIENT.secret,
          create_users: false,
        },
      },
      teams: { red: {} },
      users: { filed: { email: 'filed@example.com' } },
    },
  });
  await gateway.listen();
  const given = { name: 'okta', roles: [{ role: 'scim' }] };
  token = String((await admin('POST', '/api/service-tokens', given)).body['secret']);
});
afterAll(async () => {
  await gateway.close();
  await provider.stop();
});

describe('users', () => {
  it('are made, read, found, replaced and deleted', async () => {
    const made = await scim('POST', '/Users', okta('ada@example.com'));
    expect([made.status, made.headers.get('content-type')]).toEqual([201, 'application/scim+json']);
    expect(made.headers.get('location')).toBe('/api/scim/v2/Users/ada%40example.com');
    expect(made.body).toMatchObject({
      schemas: [USER],
      id: 'ada@example.com',
      userName: 'ada@example.com',
      externalId: 'okta-ada@example.com',
      active: true,
      name: { givenName: 'Ada' },
      emails: [{ value: 'ada@example.com', type: 'work', primary: true }],
      meta: { resourceType: 'User', location: '/api/scim/v2/Users/ada%40example.com' },
    });
    expect(JSON.stringify(made.body)).not.toContain('not-kept');
    expect((await scim('GET', '/Users/ada@example.com')).body).toEqual(made.body);
    expect((await admin('GET', '/api/users/ada@example.com')).body).toMatchObject({
      name: 'Ada Lovelace',
      email: 'ada@example.com',
      source: 'store',
    });
    const again = await scim('POST', '/Users', okta('ADA@example.com'));
    expect([again.status, again.body]).toEqual([
      409,
      { schemas: [ERROR], status: '409', scimType: 'uniqueness', detail: expect.stringContaining('already') },
    ]);
    for (const filter of [
      'userName eq "Ada@Example.com"',
      'externalId eq "okta-ada@example.com"',
      'id eq "ada@example.com"',
      'emails[type eq "work"].value eq "ada@example.com"',
      'emails.value eq "ada@example.com"',
      'userName eq "ada@example.com" and active eq true',
      `${USER}:userName eq "ada@example.com"`,
      'name.familyName eq "Lovelace" and userName eq "ada@example.com"',
      'userName eq "nobody" or (userName sw "ADA@" and not (active eq false))',
      'emails[type eq "work" and value ew "ada@example.com"] and meta.created gt "2026-01-01T00:00:00Z"',
      'externalId co "okta-ada" and name pr or userName eq "nobody"',
    ])
      expect([filter, found(await filtered('Users', filter))]).toEqual([filter, ['ada@example.com']]);
    for (const filter of ['userName eq "nobody"', 'userName eq "ada@example.com" and active eq false'])
      expect([filter, (await filtered('Users', filter)).body['totalResults']]).toEqual([filter, 0]);
    const replaced = await scim(
      'PUT',
      '/Users/ada@example.com',
      okta('ada@example.com', { displayName: 'Countess', title: null }),
    );
    expect([replaced.status, replaced.body['displayName']]).toEqual([200, 'Countess']);
    expect((await scim('DELETE', '/Users/ada@example.com')).status).toBe(204);
    const gone = await scim('GET', '/Users/ada@example.com');
    expect([gone.status, gone.body]).toMatchObject([404, { schemas: [ERROR], status: '404' }]);
    // The names are free again.
    expect((await scim('POST', '/Users', okta('ada@example.com'))).status).toBe(201);
  });

  it('are listed in pages', async () => {
    for (let i = 0; i < 5; i++) await scim('POST', '/Users', okta(`page-${i}@example.com`));
    const all = await scim('GET', '/Users');
    const total = all.body['totalResults'] as number;
    const seen: unknown[] = [];
    for (let start = 1; start <= total; start += 2) {
      const page = await scim('GET', `/Users?startIndex=${start}&count=2`);
      expect(page.body).toMatchObject({ totalResults: total, startIndex: start });
      seen.push(...found(page));
    }
    expect(seen).toEqual(found(all));
    expect((await scim('GET', '/Users?count=0')).body).toMatchObject({ totalResults: total, Resources: [] });
    expect((await scim('GET', '/Users?startIndex=-3&count=1')).body).toMatchObject({ startIndex: 1 });
  });

  it('are changed by the operations that Okta and Entra ID send', async () => {
    await scim('POST', '/Users', okta('patched@example.com'));
    const changed = async (...operations: object[]): Promise<Json> => {
      const { status, body } = await scim('PATCH', '/Users/patched@example.com', patch(...operations));
      expect([status, body['detail']]).toEqual([200, undefined]);
      return body;
    };
    // Okta.
    expect(await changed({ op: 'replace', value: { active: false } })).toMatchObject({ active: false });
    expect(await changed({ op: 'replace', value: { active: true } })).toMatchObject({ active: true });
    // Entra ID.
    expect(await changed({ op: 'Replace', path: 'active', value: 'False' })).toMatchObject({ active: false });
    expect(await changed({ op: 'Add', path: 'active', value: 'True' })).toMatchObject({ active: true });
    const entra = await changed(
      { op: 'Replace', path: 'emails[type eq "work"].value', value: 'new@example.com' },
      { op: 'Add', path: 'emails[type eq "other"].value', value: 'other@example.com' },
      { op: 'Add', value: { 'name.givenName': 'Grace', title: 'Admiral' } },
      {
        op: 'Add',
        path: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department',
        value: 'Navy',
      },
      { op: 'Replace', path: 'DisplayName', value: 'Grace H.' },
    );
    expect(entra).toMatchObject({
      emails: [
        { value: 'new@example.com', type: 'work', primary: true },
        { value: 'other@example.com', type: 'other' },
      ],
      name: { givenName: 'Grace', familyName: 'Lovelace' },
      title: 'Admiral',
      displayName: 'Grace H.',
    });
    expect(
      await changed({ op: 'remove', path: 'emails[type eq "other"]' }, { op: 'remove', path: 'title' }),
    ).not.toHaveProperty('title');
    expect((await admin('GET', '/api/users/patched@example.com')).body).toMatchObject({
      email: 'new@example.com',
      name: 'Grace H.',
    });
    const taken = await scim(
      'PATCH',
      '/Users/patched@example.com',
      patch({ op: 'replace', path: 'userName', value: 'ada@example.com' }),
    );
    expect([taken.status, taken.body['scimType']]).toEqual([409, 'uniqueness']);
  });

  it('who are deactivated are out at once, with their sessions and keys, and in again when they are back', async () => {
    await scim('POST', '/Users', okta('grace@example.com'));
    const { body } = await admin('POST', '/api/keys', { id: 'grace-key', user: 'grace@example.com' });
    const key = String(body['secret']);
    const browser = new Browser();
    // Who may come in by SCIM alone is found by the verified address.
    const back = await browser.signInAs(`${url}/api/auth/login`, `${url}/api/auth/callback`, 'grace');
    expect((await browser.open(back)).status).toBe(302);
    const session = async () => (await browser.open(`${url}/api/auth/session`)).status;
    expect([await session(), (await ask(url, key)).status]).toEqual([200, 200]);

    await scim('PATCH', '/Users/grace@example.com', patch({ op: 'Replace', path: 'active', value: 'False' }));
    expect([await session(), (await ask(url, key)).status]).toEqual([401, 403]);
    await scim('PATCH', '/Users/grace@example.com', patch({ op: 'Replace', path: 'active', value: 'True' }));
    // The session is over for good, the key is not.
    expect([await session(), (await ask(url, key)).status]).toEqual([401, 200]);

    expect((await scim('DELETE', '/Users/grace@example.com')).status).toBe(204);
    expect((await ask(url, key)).status).toBe(401);
    expect((await admin('GET', '/api/keys/grace-key')).body).toMatchObject({ status: 'revoked' });
  });

  it('keep the rules that somebody here has given them', async () => {
    await scim('POST', '/Users', okta('ruled@example.com'));
    const budgets = [{ usd: 5, per: 'day' }];
    await admin('PATCH', '/api/users/ruled@example.com', { budgets, roles: [{ role: 'viewer' }] });
    await scim('PUT', '/Users/ruled@example.com', okta('ruled@example.com', { displayName: 'R' }));
    expect((await admin('GET', '/api/users/ruled@example.com')).body).toMatchObject({
      name: 'R',
      budgets,
      roles: [{ role: 'viewer' }],
    });
  });
});

describe('groups', () => {
  const members = ({ body }: Said): unknown[] => (body['members'] as Json[]).map(({ value }) => value);
  beforeAll(async () => {
    for (const name of ['m1@example.com', 'm2@example.com', 'm3@example.com'])
      await scim('POST', '/Users', okta(name));
  });

  it('are made, found, changed and deleted', async () => {
    const made = await scim('POST', '/Groups', {
      displayName: 'Engineers',
      externalId: 'ext-1',
      members: [{ value: 'm1@example.com' }],
    });
    expect([made.status, members(made)]).toEqual([201, ['m1@example.com']]);
    const path = `/Groups/${made.body['id']}`;
    for (const filter of [
      'displayName eq "engineers"',
      'externalId eq "ext-1"',
      'members eq "m1@example.com"',
      'displayName eq "Engineers" and externalId eq "ext-1"',
      'displayName sw "engin" and not (externalId eq "ext-2")',
      'members[value eq "m1@example.com"] or displayName eq "nobody"',
    ])
      expect([filter, found(await filtered('Groups', filter))]).toEqual([filter, [made.body['id']]]);
    expect((await scim('POST', '/Groups', { displayName: 'ENGINEERS' })).status).toBe(409);
    const light = await filtered('Groups', 'displayName eq "Engineers"');
    expect((light.body['Resources'] as Json[])[0]).toHaveProperty('members');
    const without = await scim('GET', `${path}?excludedAttributes=members`);
    expect(without.body).not.toHaveProperty('members');

    const steps: [object[], string[]][] = [
      [
        [{ op: 'Add', path: 'members', value: [{ value: 'm2@example.com' }, { value: 'm1@example.com' }] }],
        ['m1@example.com', 'm2@example.com'],
      ],
      [[{ op: 'remove', path: 'members[value eq "m1@example.com"]' }], ['m2@example.com']],
      [
        [{ op: 'add', value: { members: [{ value: 'm3@example.com' }] } }],
        ['m2@example.com', 'm3@example.com'],
      ],
      // Entra ID.
      [[{ op: 'Remove', path: 'members', value: [{ value: 'm2@example.com' }] }], ['m3@example.com']],
      [[{ op: 'replace', path: 'members', value: [{ value: 'm1@example.com' }] }], ['m1@example.com']],
      // Okta renames so.
      [[{ op: 'replace', value: { id: made.body['id'], displayName: 'Engineering' } }], ['m1@example.com']],
      [[{ op: 'remove', path: 'members' }], []],
    ];
    for (const [operations, left] of steps) {
      const changed = await scim('PATCH', path, patch(...operations));
      expect([changed.status, members(changed)]).toEqual([200, left]);
    }
    expect(found(await filtered('Groups', 'displayName eq "Engineering"'))).toHaveLength(1);
    expect(found(await filtered('Groups', 'displayName eq "Engineers"'))).toHaveLength(0);
    const put = await scim('PUT', path, {
      displayName: 'Engineering',
      members: [{ value: 'm2@example.com', type: 'User' }],
    });
    expect(members(put)).toEqual(['m2@example.com']);
    expect((await scim('GET', '/Users/m2@example.com')).body['groups']).toEqual([
      { value: made.body['id'], display: 'Engineering' },
    ]);
    expect((await scim('DELETE', path)).status).toBe(204);
    expect((await scim('GET', '/Users/m2@example.com')).body['groups']).toEqual([]);
  });

  it('give the roles that the configuration says, as long as somebody is in them', async () => {
    await scim('POST', '/Users', okta('grace@example.com'));
    const { body } = await scim('POST', '/Groups', {
      displayName: 'Leads',
      members: [{ value: 'grace@example.com' }],
    });
    const browser = new Browser();
    await browser.open(await browser.signInAs(`${url}/api/auth/login`, `${url}/api/auth/callback`, 'grace'));
    const roles = async () =>
      ((await (await browser.open(`${url}/api/auth/session`)).json()) as Json)['roles'];
    expect(await roles()).toEqual([{ role: 'team_admin', team: 'red' }]);
    await scim(
      'PATCH',
      `/Groups/${body['id']}`,
      patch({ op: 'remove', path: 'members[value eq "grace@example.com"]' }),
    );
    expect(await roles()).toEqual([]);
  });
});

describe('bad input', () => {
  it.each([
    ['GET', '/Users?filter=userName%20like%20%22a%22', undefined, 400, 'invalidFilter'],
    ['GET', '/Users?filter=userName%20eq', undefined, 400, 'invalidFilter'],
    ['GET', '/Groups?filter=displayName%20eq%20%22a%22%20or', undefined, 400, 'invalidFilter'],
    ['GET', '/Users?count=many', undefined, 400, 'invalidValue'],
    ['GET', `/Groups?filter=${'('.repeat(30)}a%20pr`, undefined, 400, 'invalidFilter'],
    ['POST', '/Users', {}, 400, 'invalidValue'],
    ['POST', '/Users', { userName: 'a\r\nset-cookie: b' }, 400, 'invalidValue'],
    ['POST', '/Users', { userName: 'x'.repeat(300) }, 400, 'invalidValue'],
    ['POST', '/Users', { userName: 'b@example.com', active: 'perhaps' }, 400, 'invalidValue'],
    ['POST', '/Users', { userName: 'c@example.com', emails: [{ value: 'no address' }] }, 400, 'invalidValue'],
    ['POST', '/Users', '{', 400, 'invalidValue'],
    ['POST', '/Users', '[]', 400, 'invalidValue'],
    ['PATCH', '/Users/ada@example.com', {}, 400, 'invalidSyntax'],
    ['PATCH', '/Users/ada@example.com', { Operations: [{ op: 'move' }] }, 400, 'invalidSyntax'],
    ['PATCH', '/Users/ada@example.com', { Operations: [{ op: 'remove' }] }, 400, 'noTarget'],
    [
      'PATCH',
      '/Users/ada@example.com',
      { Operations: [{ op: 'add', path: 'a b', value: 1 }] },
      400,
      'invalidPath',
    ],
    ['PATCH', '/Users/ada@example.com', { Operations: [{ op: 'add', value: 'x' }] }, 400, 'invalidValue'],
    [
      'PATCH',
      '/Users/ada@example.com',
      { Operations: [{ op: 'replace', path: '__proto__.polluted', value: 1 }] },
      400,
      'invalidPath',
    ],
    ['POST', '/Groups', { displayName: 'G', members: [{ value: 'nobody' }] }, 400, 'invalidValue'],
    [
      'POST',
      '/Groups',
      { displayName: 'G', members: [{ value: 'grp', type: 'Group' }] },
      400,
      'invalidValue',
    ],
    ['POST', '/Groups', {}, 400, 'invalidValue'],
    ['GET', "/Users/x'; DROP TABLE control_entities; --", undefined, 404, undefined],
    ['PATCH', '/Users/nobody', { Operations: [{ op: 'add', path: 'active', value: true }] }, 404, undefined],
    ['DELETE', '/Users', undefined, 405, undefined],
    ['GET', '/Nothing', undefined, 404, undefined],
  ] as const)('%s %s %j', async (method, path, body, status, scimType) => {
    const answer = await scim(method, path, body);
    expect([answer.status, answer.body]).toEqual([
      status,
      {
        schemas: [ERROR],
        status: String(status),
        detail: expect.any(String),
        ...(scimType !== undefined && { scimType }),
      },
    ]);
    expect(({} as Json)['polluted']).toBeUndefined();
  });

  it('nobody without the role comes in, and the role is for nothing else', async () => {
    const other = { name: 'view', roles: [{ role: 'viewer' }] };
    const viewer = String((await admin('POST', '/api/service-tokens', other)).body['secret']);
    for (const [bearer, status] of [
      ['', 401],
      ['hgs-wrong', 401],
      [viewer, 403],
    ] as const) {
      const answer = await request(bearer, 'GET', '/api/scim/v2/Users');
      expect([answer.status, answer.body['schemas']]).toEqual([status, [ERROR]]);
    }
    expect((await request(token, 'GET', '/api/users')).status).toBe(403);
    expect((await request(token, 'GET', '/api/audit')).status).toBe(403);
  });
});

it('says what it can, and leaves its lines in the audit', async () => {
  expect((await scim('GET', '/ServiceProviderConfig')).body).toMatchObject({
    patch: { supported: true },
    bulk: { supported: false },
  });
  expect((await scim('GET', '/ResourceTypes')).body).toMatchObject({ totalResults: 2 });
  expect((await scim('GET', '/ResourceTypes/User')).body).toMatchObject({ endpoint: '/Users', schema: USER });
  expect((await scim('GET', `/Schemas/${USER}`)).body).toMatchObject({ name: 'User' });
  const { body } = await admin('GET', '/api/audit?kind=user&id=patched@example.com');
  const lines = body['data'] as Json[];
  expect(lines.at(-1)).toMatchObject({ action: 'create', actor: expect.stringMatching(/^token:svc_/) });
});
