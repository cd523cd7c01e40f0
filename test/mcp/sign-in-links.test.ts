import { randomBytes } from 'node:crypto';
import OpenAI from 'openai';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../e2e/harness.js';
import { startOpenAi } from '../fakes/openai.js';
import type { FakeProvider } from '../fakes/provider.js';
import { behind, type Embedded, embed } from '../gateway/embedded.js';
import { type AuthorizationServer, guardedBy, startAuthorizationServer } from './authorization-server.js';
import { newClient, textOf } from './clients.js';
import { type GuardedServer, startGuarded } from './guarded-server.js';
import { calling, saying } from './run-setup.js';
import { callTool } from './servers.js';
import { signIn } from './sign-in-browser.js';

const KEY = 'sk-ada-0123456789';

let as: AuthorizationServer;
let notes: GuardedServer;
let openai: FakeProvider;
let gateway: Embedded;
let url: string;
beforeAll(async () => {
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  as = await startAuthorizationServer([`${url}/api/mcp/oauth/callback`]);
  notes = await startGuarded();
  openai = await startOpenAi({ strict: true });
  guardedBy(notes, as);
  gateway = await embed({
    port,
    config: {
      // Nobody is asked for a token on this machine: the page of the sign-in itself says whose wish it is.
      admin: { encryption_key: randomBytes(32).toString('base64') },
      server: { fetch_allow: ['127.0.0.1'] },
      observability: { log_level: 'error' },
      providers: behind(openai) as never,
      models: { gpt: { targets: ['openai/gpt-4o'] } },
      users: { ada: {} },
      keys: [{ name: 'ada', value: KEY, user: 'ada' }],
      mcp: {
        servers: { notes: { url: notes.url, auth: { type: 'oauth' } } },
        virtual: { programs: { code: ['notes'] } },
      },
    },
  });
  await gateway.listen();
});
afterEach(() => openai.reset());
afterAll(async () => {
  await gateway.close();
  await Promise.all([notes.close(), openai.close(), as.close()]);
});

const whoami = () => callTool(gateway, 'notes', 'whoami', {}, { key: KEY, url });

/** All that the model was told. */
async function toldOf(select: string, code: object): Promise<string> {
  const gpt = new OpenAI({ apiKey: KEY, baseURL: 'http://gateway/v1', fetch: gateway.fetch, maxRetries: 0 });
  openai.next(calling(code as Record<string, unknown>), saying('So.'));
  await gpt.chat.completions.create(
    { model: 'gpt', messages: [{ role: 'user', content: 'Who am I?' }] },
    {
      headers: {
        'x-headgate-mcp': 'notes',
        'x-headgate-mcp-mode': 'agent',
        'x-headgate-mcp-select': select,
      },
    },
  );
  const request = await openai.request(2);
  await request.complete;
  return JSON.stringify(request.json());
}

/** Ada has signed in; then the server lets lists pass, and wants more rights for calls. */
async function wantingMore(): Promise<void> {
  guardedBy(notes, as);
  if ((await whoami()).code !== '') {
    const link = /http:\/\/\S+ticket=\S+/.exec((await whoami()).message)?.[0] ?? '';
    const { browser, back } = await signIn(link, 'ada@work');
    expect((await browser.open(back)).status).toBe(200);
  }
  expect((await whoami()).text).toBe('ada@work');
  const lets = notes.guard;
  notes.guard = (request, body) =>
    body.includes('"tools/call"')
      ? new Response('no', {
          status: 403,
          headers: { 'www-authenticate': 'Bearer error="insufficient_scope", scope="write"' },
        })
      : lets(request, body);
}

describe('a link to sign in', () => {
  // Whoever has it can put an account of their own in the user's place, and a model tells what it reads to anybody. Runs left it out of what
  // they tell the model; programs, which see errors as texts, were told all of it, and could return it.
  it.each([
    ['of a call', 'all', { notes__whoami: {} }],
    [
      'of a program',
      'code',
      { run_program: { code: 'try { return await notes.whoami() } catch (error) { return String(error) }' } },
    ],
    ['of a program that fails', 'code', { run_program: { code: 'return await notes.whoami()' } }],
  ])('is not told to models by the error %s', async (_, select, code) => {
    await wantingMore();
    const told = await toldOf(select, code);
    expect(told).toContain('mcp_authorization_required');
    expect(told).toContain('GET /api/mcp/servers');
    expect(told).not.toContain('ticket=');
    expect(told).not.toContain('sess-');
  });

  it('is not told by programs of clients at /mcp', async () => {
    await wantingMore();
    const client = await newClient({ fetch: gateway.fetch, key: KEY, path: '/mcp/programs', url });
    const code = 'try { return await notes.whoami() } catch (error) { return error.message }';
    const told = textOf(await client.callTool({ name: 'run_program', arguments: { code } }));
    expect(told).toContain('GET /api/mcp/servers');
    expect(told).not.toContain('ticket=');
    await client.close();
  });
});
