import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ADMIN_TOKEN, adminOf, codeOf } from '../definitions/embedded-admin.js';
import { freePort } from '../e2e/harness.js';
import { type Embedded, embed } from '../gateway/embedded.js';
import { Browser } from '../people/browser.js';
import {
  type AuthorizationServer,
  guardedBy,
  PEOPLE,
  startAuthorizationServer,
} from './authorization-server.js';
import { newClient, textOf } from './clients.js';
import { type GuardedServer, startGuarded } from './guarded-server.js';
import { callTool, listTools } from './servers.js';
import { goToAuthorizationServer, signIn } from './sign-in-browser.js';

const [ada, bob, cat, dan] = [
  'sk-ada-0123456789',
  'sk-bob-0123456789',
  'sk-cat-0123456789',
  'sk-dan-0123456789',
];

let as: AuthorizationServer;
let servers: Record<'notes' | 'known' | 'wide', GuardedServer>;
let gateway: Embedded;
let url: string;
beforeAll(async () => {
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  as = await startAuthorizationServer([`${url}/api/mcp/oauth/callback`]);
  const [notes, known, wide] = await Promise.all(Array.from({ length: 3 }, () => startGuarded()));
  servers = { notes, known, wide } as typeof servers;
  guardedBy(servers.notes, as);
  guardedBy(servers.known, as);
  guardedBy(servers.wide, as);
  gateway = await embed({
    port,
    config: {
      server: { fetch_allow: ['127.0.0.1'] },
      admin: { token: ADMIN_TOKEN, encryption_key: randomBytes(32).toString('base64') },
      observability: { log_level: 'error' },
      users: { ada: {}, bob: {}, cat: {} },
      keys: [
        { name: 'ada', value: ada, user: 'ada' },
        { name: 'bob', value: bob, user: 'bob' },
        { name: 'cat', value: cat, user: 'cat' },
        { name: 'dan', value: dan },
      ],
      mcp: {
        servers: {
          notes: { url: servers.notes.url, auth: { type: 'oauth' } },
          known: {
            url: servers.known.url,
            auth: { type: 'oauth', client_id: PEOPLE.id, client_secret: PEOPLE.secret, issuer: as.issuer },
          },
          wide: { url: servers.wide.url, auth: { type: 'oauth', scopes: ['read'], issuer: as.issuer } },
        },
      },
    },
  });
  await gateway.listen();
});
afterAll(async () => {
  await gateway.close();
  await Promise.all(Object.values(servers).map((one) => one.close()));
  await as.close();
});
beforeEach(() => {
  as.asked.length = 0;
});

const whoami = async (server: string, key: string) => {
  const { code, text, message } = await callTool(gateway, server, 'whoami', {}, { key, url });
  return code === '' ? text : `${code}: ${message}`;
};
/** That a caller is given in an error. */
const linkIn = (text: string): string => /http:\/\/\S+ticket=\S+/.exec(text)?.[0] ?? '';
const linkFor = async (server: string, key: string): Promise<string> => {
  const said = await whoami(server, key);
  expect(said).toContain('mcp_authorization_required');
  return linkIn(said);
};
const tokensAsked = (): number => as.asked.filter((one) => one === 'POST /token').length;
const lastToken = (server: GuardedServer): string =>
  (server.seen.at(-1)?.headers.get('authorization') ?? '').replace('Bearer ', '');
const done = async (browser: Browser, back: string) => {
  const answer = await browser.open(back);
  return { status: answer.status, text: await answer.text() };
};

describe('a user of a server', () => {
  it('is told where to sign in, does, and is then who they are there', async () => {
    const link = await linkFor('notes', ada);
    expect(link.startsWith(`${url}/api/mcp/notes/authorize?ticket=sess-`)).toBe(true);
    const { data, missing } = await listTools(gateway, { key: ada, query: '?server=notes' });
    expect([data, missing[0]?.code]).toEqual([[], 'mcp_authorization_required']);
    const { browser, back } = await signIn(link, 'ada@work');
    expect(await done(browser, back)).toMatchObject({
      status: 200,
      text: expect.stringContaining('Signed in'),
    });
    expect(await whoami('notes', ada)).toBe('ada@work');
    // It has registered itself, and asked for this server and no other.
    expect(as.asked).toContain('POST /reg');
    const [, payload = ''] = lastToken(servers.notes).split('.');
    expect(JSON.parse(Buffer.from(payload, 'base64url').toString()).aud).toBe(servers.notes.url);
    // Nobody else is.
    expect(await whoami('notes', bob)).toContain('mcp_authorization_required');
  });

  it('shares nothing with another', async () => {
    const { browser, back } = await signIn(await linkFor('notes', bob), 'bob@work');
    await done(browser, back);
    // Registered once for both.
    expect(as.asked).not.toContain('POST /reg');
    expect(await Promise.all([whoami('notes', bob), whoami('notes', ada)])).toEqual(['bob@work', 'ada@work']);
  });

  it('need not sign in again when a token is over: it is renewed, once', async () => {
    expect(await whoami('notes', ada)).toBe('ada@work');
    as.revoked.add(lastToken(servers.notes));
    const calls = await Promise.all(Array.from({ length: 5 }, () => whoami('notes', ada)));
    expect(calls).toEqual(Array(5).fill('ada@work'));
    expect(tokensAsked()).toBe(1);
    // And once more, with the refresh token that came with it.
    as.revoked.add(lastToken(servers.notes));
    expect(await whoami('notes', ada)).toBe('ada@work');
    expect(tokensAsked()).toBe(2);
  });

  it('is told that it does not work while the authorization server is away, and keeps the sign-in', async () => {
    expect(await whoami('notes', ada)).toBe('ada@work');
    const before = lastToken(servers.notes);
    as.revoked.add(before);
    as.down = true;
    const said = await whoami('notes', ada);
    as.down = false;
    expect(said).toContain('mcp_server_unavailable');
    expect(said).not.toContain(before);
    await expect.poll(() => whoami('notes', ada), { timeout: 20_000 }).toBe('ada@work');
  });

  it('leaves by taking it away, which the authorization server is told', async () => {
    const gone = await adminOf(gateway, bob)('DELETE', '/api/me/mcp/notes/credential');
    expect(gone.body).toEqual({ server: 'notes', owner: 'user:bob', deleted: true });
    expect(as.asked).toEqual(['POST /token/revocation']);
    expect(await whoami('notes', bob)).toContain('mcp_authorization_required');
  });

  it('sees and opens it in lists', async () => {
    const mine = await adminOf(gateway, bob)('GET', '/api/me/mcp');
    expect(mine.body['data']).toContainEqual(
      expect.objectContaining({ server: 'notes', credential: 'missing', authorize_path: expect.any(String) }),
    );
    const { body } = await adminOf(gateway, bob)('GET', '/api/mcp/servers');
    const one = (body['data'] as { id: string; needs: string; authorize_url: string }[]).find(
      ({ id }) => id === 'notes',
    );
    expect(one?.needs).toBe('authorization');
    const { browser, back } = await signIn(one?.authorize_url ?? '', 'bob@home');
    await done(browser, back);
    expect(await whoami('notes', bob)).toBe('bob@home');
  });

  it('may use a client that is known there already', async () => {
    const { browser, back } = await signIn(await linkFor('known', ada), 'ada@known');
    expect((await done(browser, back)).status).toBe(200);
    expect(await whoami('known', ada)).toBe('ada@known');
    expect(as.asked).not.toContain('POST /reg');
    as.revoked.add(lastToken(servers.known));
    expect(await whoami('known', ada)).toBe('ada@known');
  });

  it('is asked for more rights when the server wants them', async () => {
    const { browser, back } = await signIn(await linkFor('wide', ada), 'ada@wide');
    expect((await done(browser, back)).status).toBe(200);
    expect(await whoami('wide', ada)).toBe('ada@wide');
    guardedBy(servers.wide, as, { scope: 'write' });
    const again = await signIn(await linkFor('wide', ada), 'ada@wide');
    expect((await done(again.browser, again.back)).status).toBe(200);
    expect(await whoami('wide', ada)).toBe('ada@wide');
    const [, payload = ''] = lastToken(servers.wide).split('.');
    expect(JSON.parse(Buffer.from(payload, 'base64url').toString()).scope.split(' ')).toEqual(
      expect.arrayContaining(['read', 'write']),
    );
  });
});

describe('a sign-in', () => {
  it('ends once, in the browser in which it began', async () => {
    const link = await linkFor('known', cat);
    const { browser, back } = await signIn(link, 'cat@known');
    // Somebody else who has the address.
    expect(await done(new Browser(), back)).toMatchObject({
      status: 400,
      text: expect.stringContaining('mcp_sign_in_stale'),
    });
    expect(await done(browser, back)).toMatchObject({ status: 400 });
    expect(await whoami('known', cat)).toContain('mcp_authorization_required');
    const second = await signIn(link, 'cat@known');
    expect((await done(second.browser, second.back)).status).toBe(200);
    expect((await done(second.browser, second.back)).status).toBe(400);
    expect(await whoami('known', cat)).toBe('cat@known');
  });

  it('that is refused at the authorization server is told, and leaves things as they are', async () => {
    const { browser, back } = await signIn(await linkFor('known', dan), null);
    const told = await done(browser, back);
    expect(told).toMatchObject({ status: 403, text: expect.stringContaining('it says access_denied') });
    expect(await whoami('known', dan)).toContain('for the key "dan"');
  });

  it.each([
    ['nothing', ''],
    ['what nobody has made', '?ticket=sess-abcdefghijklmnopqrstuvwxyz0123456789abcdefghijkl'],
    ['another form', '?ticket=abc'],
  ])('does not begin with %s', async (_, query) => {
    const answer = await fetch(`${url}/api/mcp/known/authorize${query}`);
    expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining('mcp_sign_in_stale')]);
  });

  it('does not begin with the link of another server, nor from a page of another site', async () => {
    const link = await linkFor('known', dan);
    const other = await fetch(link.replace('/known/', '/notes/'));
    expect(other.status).toBe(400);
    const ticket = new URL(link).searchParams.get('ticket') ?? '';
    const body = new URLSearchParams({ ticket, browser: 'guessed' });
    expect((await fetch(link, { method: 'POST', body, redirect: 'manual' })).status).toBe(400);
    const framed = await fetch(link);
    expect(framed.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    await framed.text();
  });

  it('asks for a proof key, this server and a state that nobody can guess', async () => {
    const to = new URL(await goToAuthorizationServer(new Browser(), await linkFor('known', dan)));
    const asked = Object.fromEntries(to.searchParams);
    expect(asked).toMatchObject({
      code_challenge_method: 'S256',
      resource: servers.known.url,
      client_id: PEOPLE.id,
      redirect_uri: `${url}/api/mcp/oauth/callback`,
    });
    expect(asked['state']?.length).toBeGreaterThanOrEqual(43);
    const stolen = await fetch(`${url}/api/mcp/oauth/callback?code=abc&state=${asked['state']}`);
    expect(stolen.status).toBe(400);
  });
});

it('where the gateway is not known any more it registers itself again', async () => {
  const admin = adminOf(gateway);
  const { body } = await admin('GET', '/api/mcp-credentials?server=notes&owner=gateway');
  expect(body['data']).toEqual([expect.objectContaining({ owner: 'gateway', kind: 'client' })]);
  expect((await admin('DELETE', '/api/mcp-credentials/notes/gateway')).body).toMatchObject({ deleted: true });
  const { browser, back } = await signIn(await linkFor('notes', cat), 'cat@work');
  expect((await done(browser, back)).status).toBe(200);
  expect(as.asked).toContain('POST /reg');
  expect(await whoami('notes', cat)).toBe('cat@work');
});

describe('clients at /mcp', () => {
  const client = (mode: 'legacy' | 'auto', capabilities: object) =>
    newClient({ fetch: gateway.fetch, key: dan, path: '/mcp/notes', url }, mode, { capabilities });

  it('of older revisions are told by an error, as a page to open where they can', async () => {
    const plain = await client('legacy', {});
    const said = await plain.callTool({ name: 'whoami' }).catch((error: unknown) => error);
    expect(said).toMatchObject({
      message: expect.stringContaining(`${url}/api/mcp/notes/authorize?ticket=`),
      data: { code: 'mcp_authorization_required', authorize_url: expect.any(String) },
    });
    await plain.close();
    const able = await client('legacy', { elicitation: { url: {} } });
    const asked = await able.callTool({ name: 'whoami' }).catch((error: unknown) => error);
    expect(asked).toMatchObject({
      code: -32_042,
      data: {
        elicitations: [
          { mode: 'url', url: expect.stringContaining(`${url}/api/mcp/notes/authorize?ticket=`) },
        ],
      },
    });
    await able.close();
  });

  it('of the newest are asked to open a page, and go on when that is done', async () => {
    const opened: string[] = [];
    const able = await newClient(
      { fetch: gateway.fetch, key: dan, path: '/mcp/notes', url },
      'auto',
      { capabilities: { elicitation: { url: {} } } },
      (one) =>
        one.setRequestHandler('elicitation/create', async ({ params }) => {
          const { url: link } = params as { url: string };
          opened.push(link);
          const { browser, back } = await signIn(link, 'dan@work');
          await done(browser, back);
          return { action: 'accept' };
        }),
    );
    expect(textOf(await able.callTool({ name: 'whoami' }))).toBe('dan@work');
    expect(opened).toHaveLength(1);
    await able.close();
  });
});

it('nothing of tokens is in the store, the lists or the audit in the clear', async () => {
  const tokens = Object.values(servers).flatMap(({ seen }) =>
    seen.flatMap(({ headers }) => (headers.get('authorization') ?? '').replace('Bearer ', '')),
  );
  const secrets = [...new Set(tokens.filter((one) => one !== '')), PEOPLE.secret];
  expect(secrets.length).toBeGreaterThan(5);
  const admin = adminOf(gateway);
  const texts = await Promise.all(
    ['/api/audit', '/api/mcp-credentials', '/api/mcp/servers', '/api/mcp-servers'].map(
      async (path) => (await admin('GET', path)).text,
    ),
  );
  const files = readdirSync(gateway.dataDir, { recursive: true, encoding: 'utf8', withFileTypes: true })
    .filter((one) => one.isFile())
    .map((one) => readFileSync(join(one.parentPath, one.name), 'latin1'));
  for (const text of [...texts, ...files])
    for (const secret of secrets) expect(text.includes(secret)).toBe(false);
  expect(codeOf(await admin('GET', '/api/mcp/known/authorize'))).toBe('mcp_sign_in_stale');
});
