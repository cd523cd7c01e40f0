import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seal, unseal } from '../../core/admin/login/sealed.js';
import { freePort } from '../e2e/harness.js';
import { type Embedded, embed } from '../gateway/embedded.js';
import { ADMIN_TOKEN, AdminClient } from '../governance/admin-client.js';
import { Browser } from './browser.js';
import { CLIENT, type IdentityProvider, startIdentityProvider } from './identity-provider.js';

const SECRET = 'a-server-secret-for-tests-0123456789';
const SESSION = 'headgate-session';

type Json = Record<string, unknown>;
let provider: IdentityProvider;
let gateway: Embedded;
let url: string;
let callback: string;
let admin: AdminClient;
const login = (query = '') => `${url}/api/auth/login${query}`;

beforeAll(async () => {
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  callback = `${url}/api/auth/callback`;
  provider = await startIdentityProvider(callback, {
    ada: { name: 'Ada', email: 'ada@example.com', email_verified: true, groups: ['engineers', 'other'] },
    eve: { name: 'Eve', email: 'boss@example.com', email_verified: false },
    boss: { name: 'Boss', email: 'boss@example.com', email_verified: true },
    nobody: { name: "x'; DROP TABLE control_entities; --", preferred_username: 'a\r\nset-cookie: b=c' },
  });
  gateway = await embed({
    port,
    config: {
      admin: {
        token: ADMIN_TOKEN,
        secret: SECRET,
        groups: [{ group: 'engineers', role: 'member', team: 'red' }],
        oidc: { issuer: provider.issuer, client_id: CLIENT.id, client_secret: CLIENT.secret },
      },
      auth: { required: false },
      users: { chief: { name: 'Chief', email: 'boss@example.com', roles: [{ role: 'owner' }] } },
    },
  });
  await gateway.listen();
  admin = new AdminClient(url);
  await admin.post('/api/teams', { id: 'red' });
  await admin.post('/api/teams', { id: 'blue' });
});
afterAll(async () => {
  await gateway.close();
  await provider.stop();
});

async function signedIn(account: string): Promise<Browser> {
  const browser = new Browser();
  const back = await browser.open(await browser.signInAs(login(), callback, account));
  expect([back.status, await back.text()]).toEqual([302, '']);
  return browser;
}
const sent = (
  browser: Browser,
  method: string,
  path: string,
  body: unknown,
  headers: Json = { origin: url },
) =>
  browser.open(`${url}${path}`, {
    method,
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...(headers as Record<string, string>) },
  });
const codeOf = async (answer: Response): Promise<unknown> =>
  ((await answer.json()) as { error?: { code?: string } }).error?.code;

describe('signing in', () => {
  it('makes a user with what the provider says, and a session with the roles of its groups', async () => {
    const browser = new Browser();
    const back = await browser.signInAs(login('?return_to=/ui/keys%3Fa%3Db'), callback, 'ada');
    const answer = await browser.open(back);
    expect([answer.status, answer.headers.get('location')]).toEqual([302, '/ui/keys?a=b']);
    const [session] = answer.headers.getSetCookie().filter((one) => one.startsWith(`${SESSION}=`));
    expect(session).toMatch(/^headgate-session=[\w-]{43}; Path=\/; Max-Age=604800; HttpOnly; SameSite=Lax$/);
    const me = await (await browser.open(`${url}/api/auth/session`)).json();
    expect(me).toMatchObject({
      kind: 'session',
      id: 'ada@example.com',
      roles: [{ role: 'member', team: 'red' }],
      expires_at: expect.stringMatching(/Z$/),
    });
    expect((await admin.get('/api/users/ada@example.com')).body).toMatchObject({
      name: 'Ada',
      email: 'ada@example.com',
    });
    const { body } = await admin.get('/api/audit?id=ada@example.com');
    expect(body['data']).toMatchObject([
      { action: 'login', kind: 'session', actor: 'user:ada@example.com', source: '127.0.0.1' },
      { action: 'create', kind: 'user', actor: 'sign-in' },
    ]);
    const told = JSON.stringify([me, body, (await admin.get('/api/sessions')).body]);
    expect(told).not.toContain(browser.cookie(url, SESSION));
  });

  it('a member makes and sees keys of its own, in its team', async () => {
    const browser = await signedIn('ada');
    const made = await sent(browser, 'POST', '/api/keys', { id: 'ada-1' });
    expect([made.status, await made.json()]).toMatchObject([201, { user: 'ada@example.com', team: 'red' }]);
    await admin.post('/api/keys', { id: 'others', team: 'red' });
    const list = (await (await browser.open(`${url}/api/keys`)).json()) as { data: Json[] };
    expect(list.data.map(({ id }) => id)).toEqual(['ada-1']);
    for (const given of [{ team: 'blue' }, { team: 'red', user: 'chief' }])
      expect(await codeOf(await sent(browser, 'POST', '/api/keys', given))).toBe('permission_missing');
    expect(await codeOf(await sent(browser, 'PATCH', '/api/keys/ada-1', { user: null }))).toBe(
      'permission_missing',
    );
    expect(await codeOf(await sent(browser, 'PATCH', '/api/keys/others', {}))).toBe('entity_unknown');
    expect((await sent(browser, 'POST', '/api/keys/ada-1/revoke', {})).status).toBe(200);
    const audit = await admin.get('/api/audit?kind=key&id=ada-1&action=revoke');
    expect(audit.body['data']).toMatchObject([{ actor: 'user:ada@example.com', source: '127.0.0.1' }]);
  });

  it('a verified address finds the user that the file has; one that is not verified does not', async () => {
    const eve = (await (await (await signedIn('eve')).open(`${url}/api/auth/session`)).json()) as Json;
    expect(eve).toMatchObject({ id: expect.stringMatching(/^user_/), roles: [], permissions: [] });
    const boss = (await (await (await signedIn('boss')).open(`${url}/api/auth/session`)).json()) as Json;
    expect(boss).toMatchObject({ id: 'chief', roles: [{ role: 'owner' }] });
  });

  it('takes names that look like SQL or headers for names', async () => {
    const browser = await signedIn('nobody');
    const me = (await (await browser.open(`${url}/api/auth/session`)).json()) as Json;
    expect((await admin.get(`/api/users/${me['id']}`)).body['name']).toBe(
      "x'; DROP TABLE control_entities; --",
    );
    expect(await codeOf(await browser.open(`${url}/api/keys`))).toBe('permission_missing');
  });
});

describe('a session', () => {
  it('changes nothing for pages of other sites', async () => {
    const browser = await signedIn('boss');
    for (const headers of [
      {},
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { 'sec-fetch-site': 'cross-site' },
    ])
      expect(await codeOf(await sent(browser, 'POST', '/api/keys', {}, headers))).toBe('foreign_origin');
    expect((await sent(browser, 'POST', '/api/keys', {}, { 'sec-fetch-site': 'same-origin' })).status).toBe(
      201,
    );
  });

  it('is a new one at each sign-in, whatever cookie the browser had before', async () => {
    const browser = await signedIn('ada');
    const first = browser.cookie(url, SESSION);
    const fixed = 'A'.repeat(43);
    browser.setCookie(url, SESSION, fixed);
    await browser.open(await browser.signInAs(login(), callback, 'ada'));
    expect(browser.cookie(url, SESSION)).not.toBe(fixed);
    expect(browser.cookie(url, SESSION)).not.toBe(first);
  });

  it('ends by its user, by an administrator, and with its user', async () => {
    const browser = await signedIn('ada');
    const value = browser.cookie(url, SESSION) ?? '';
    const out = await sent(browser, 'POST', '/api/auth/logout', {});
    expect(await out.json()).toMatchObject({
      ended: true,
      provider_logout_url: expect.stringContaining(provider.issuer),
    });
    expect(browser.cookie(url, SESSION)).toBeUndefined();
    browser.setCookie(url, SESSION, value);
    expect((await browser.open(`${url}/api/auth/session`)).status).toBe(401);

    const second = await signedIn('ada');
    const { body } = await admin.get('/api/sessions?user=ada@example.com');
    for (const { id } of body['data'] as Json[]) await admin.delete(`/api/sessions/${id}`);
    expect((await second.open(`${url}/api/auth/session`)).status).toBe(401);
    expect((await admin.delete('/api/sessions/ses_none')).status).toBe(404);

    const third = await signedIn('ada');
    await admin.patch('/api/users/ada@example.com', { disabled: true });
    expect((await third.open(`${url}/api/auth/session`)).status).toBe(401);
    const browserOf = new Browser();
    const refused = await browserOf.open(await browserOf.signInAs(login(), callback, 'ada'));
    expect(await codeOf(refused)).toBe('login_refused');
    await admin.patch('/api/users/ada@example.com', { disabled: null });
    expect((await third.open(`${url}/api/auth/session`)).status).toBe(200);
  });

  it('is nothing that could be guessed or made up', async () => {
    for (const cookie of ["' OR 1=1 --", 'A'.repeat(43), 'A'.repeat(5000), '%00', '../..']) {
      const answer = await fetch(`${url}/api/auth/session`, { headers: { cookie: `${SESSION}=${cookie}` } });
      expect([cookie.slice(0, 9), answer.status]).toEqual([cookie.slice(0, 9), 401]);
    }
  });
});

describe('a sign-in that goes wrong', () => {
  it('is told when the user does not want to, and noted', async () => {
    const browser = new Browser();
    const answer = await browser.open(await browser.signInAs(login(), callback, null));
    expect([answer.status, await answer.text()]).toEqual([403, expect.stringContaining('access_denied')]);
    const { body } = await admin.get('/api/audit?action=refused&limit=1');
    expect(JSON.stringify(body['data'])).toContain('access_denied');
  });

  it('takes no code twice', async () => {
    const browser = new Browser();
    const back = await browser.signInAs(login(), callback, 'ada');
    const pending = browser.cookie(url, 'headgate-login') ?? '';
    expect((await browser.open(back)).status).toBe(302);
    expect(await codeOf(await browser.open(back))).toBe('login_stale');
    browser.setCookie(url, 'headgate-login', pending);
    expect(await codeOf(await browser.open(back))).toBe('login_refused');
  });

  it('takes nothing that another browser began, that took too long, or that has another state or nonce', async () => {
    const browser = new Browser();
    const back = await browser.signInAs(login(), callback, 'ada');
    expect(await codeOf(await new Browser().open(back))).toBe('login_stale');
    const began = unseal(SECRET, 'sign-in', browser.cookie(url, 'headgate-login') ?? '') as Json;
    expect(began).toMatchObject({ returnTo: '/api/auth/session', nonce: expect.any(String) });
    for (const [pending, code] of [
      [{ ...began, untilMs: Date.now() - 1 }, 'login_stale'],
      [{ ...began, state: 'another' }, 'login_refused'],
      [{ ...began, nonce: 'another' }, 'login_refused'],
    ] as const) {
      browser.setCookie(url, 'headgate-login', seal(SECRET, 'sign-in', pending));
      expect(await codeOf(await browser.open(back))).toBe(code);
    }
    browser.setCookie(url, 'headgate-login', seal('another-secret-of-the-server', 'sign-in', began));
    expect(await codeOf(await browser.open(back))).toBe('login_stale');
  });

  it('leads to no other host', async () => {
    for (const to of [
      '//evil.example',
      'https://evil.example',
      '/\\evil.example',
      'evil',
      '/a%0d%0ab',
      '/\tb',
    ])
      expect(
        await codeOf(await fetch(login(`?return_to=${to.includes('%') ? to : encodeURIComponent(to)}`))),
      ).toBe('invalid_parameter');
  });
});

it('says so when the provider is away, and lets nobody in', async () => {
  const away = await embed({
    config: {
      admin: { oidc: { issuer: `http://127.0.0.1:${await freePort()}`, client_id: 'x' } },
      store: { url: 'sqlite::memory:' },
    },
  });
  const answer = await away.fetch('/api/auth/login', { headers: { host: '127.0.0.1:1' } });
  expect([answer.status, await codeOf(answer)]).toEqual([502, 'login_unavailable']);
  // With a way to sign in, nobody comes in without.
  expect((await away.fetch('/api/keys')).status).toBe(401);
  const elsewhere = await away.fetch('/api/auth/login', { headers: { host: 'gateway.example' } });
  expect(await codeOf(elsewhere)).toBe('invalid_header');
  await away.close();
});
