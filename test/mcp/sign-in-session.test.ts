import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePort } from '../e2e/harness.js';
import { type Embedded, embed } from '../gateway/embedded.js';
import { Browser } from '../people/browser.js';
import { CLIENT, type IdentityProvider, startIdentityProvider } from '../people/identity-provider.js';
import { type AuthorizationServer, guardedBy, startAuthorizationServer } from './authorization-server.js';
import { byHeader, type GuardedServer, startGuarded } from './guarded-server.js';
import { callTool } from './servers.js';
import { goToAuthorizationServer } from './sign-in-browser.js';

const key = 'sk-ada-0123456789';
const OWN = 'tok-of-ada-0123456789';

let login: IdentityProvider;
let as: AuthorizationServer;
let notes: GuardedServer;
let tracker: GuardedServer;
let gateway: Embedded;
let url: string;
beforeAll(async () => {
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  login = await startIdentityProvider(`${url}/api/auth/callback`, {
    ada: { email: 'ada@example.com', email_verified: true },
    eve: { email: 'eve@example.com', email_verified: true },
  });
  as = await startAuthorizationServer();
  [notes, tracker] = await Promise.all([startGuarded(), startGuarded()]);
  guardedBy(notes, as);
  tracker.guard = byHeader('authorization', { [`Bearer ${OWN}`]: 'ada' });
  gateway = await embed({
    port,
    config: {
      admin: {
        token: 'the-token-of-the-administrator',
        encryption_key: randomBytes(32).toString('base64'),
        oidc: { issuer: login.issuer, client_id: CLIENT.id, client_secret: CLIENT.secret },
      },
      observability: { log_level: 'error' },
      users: { ada: { email: 'ada@example.com' }, eve: { email: 'eve@example.com' } },
      keys: [{ name: 'ada', value: key, user: 'ada' }],
      mcp: {
        servers: {
          notes: { url: notes.url, auth: { type: 'oauth', issuer: as.issuer } },
          tracker: { url: tracker.url, auth: { type: 'user_header' } },
        },
      },
    },
  });
  await gateway.listen();
});
afterAll(async () => {
  await gateway.close();
  await Promise.all([notes.close(), tracker.close(), as.close(), login.stop()]);
});

const linkOf = async (): Promise<string> =>
  /http:\/\/\S+ticket=\S+/.exec(
    (await callTool(gateway, 'notes', 'whoami', {}, { key, url })).message,
  )?.[0] ?? '';

/** Goes where the link leads, signs in as somebody, and comes back to the link. */
async function signedIn(link: string, account: string): Promise<{ browser: Browser; to: string }> {
  const browser = new Browser();
  const sent = await browser.open(link);
  const to = sent.headers.get('location') ?? '';
  expect([sent.status, to.startsWith('/api/auth/login?return_to=')]).toEqual([302, true]);
  const back = await browser.signInAs(`${url}${to}`, `${url}/api/auth/callback`, account);
  const done = await browser.open(back);
  return { browser, to: new URL(done.headers.get('location') ?? '', url).href };
}

it('where people sign in to the gateway, a link is for its user alone', async () => {
  const link = await linkOf();
  const eve = await signedIn(link, 'eve');
  expect(eve.to).toBe(link);
  const refused = await eve.browser.open(link);
  expect([refused.status, await refused.text()]).toEqual([403, expect.stringContaining('user \\"eve\\"')]);
  const ada = await signedIn(link, 'ada');
  const to = await goToAuthorizationServer(ada.browser, ada.to);
  const back = await ada.browser.signInAs(to, `${url}/api/mcp/oauth/callback`, 'ada@work');
  expect((await ada.browser.open(back)).status).toBe(200);
  expect((await callTool(gateway, 'notes', 'whoami', {}, { key, url })).text).toBe('ada@work');
});

it('who is signed in sees to their own credentials without a key, from pages of the gateway alone', async () => {
  const { browser } = await signedIn(await linkOfAnother(), 'ada');
  const mine = await browser.open(`${url}/api/me/mcp`);
  expect(((await mine.json()) as { data: object[] }).data).toContainEqual(
    expect.objectContaining({ server: 'tracker', owner: 'user:ada', credential: 'missing' }),
  );
  const put = (origin: string) =>
    browser.open(`${url}/api/me/mcp/tracker/credential`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json', origin },
      body: JSON.stringify({ value: OWN }),
    });
  expect((await put('https://evil.example.com')).status).toBe(403);
  expect((await put(url)).status).toBe(200);
  expect((await callTool(gateway, 'tracker', 'whoami', {}, { key, url })).text).toBe('ada');
});

/** That of a server which nobody has signed in to. */
async function linkOfAnother(): Promise<string> {
  await gateway.fetch('/api/me/mcp/notes/credential', {
    method: 'DELETE',
    headers: { authorization: `Bearer ${key}` },
  });
  return linkOf();
}
