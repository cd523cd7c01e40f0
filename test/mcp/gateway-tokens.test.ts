import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Embedded, embed, until } from '../gateway/embedded.js';
import {
  type AuthorizationServer,
  guardedBy,
  MACHINE,
  startAuthorizationServer,
} from './authorization-server.js';
import { newClient, textOf } from './clients.js';
import { type GuardedServer, startGuarded } from './guarded-server.js';
import { callTool } from './servers.js';

const ME = 'https://gateway.example.com/mcp';
const key = 'sk-somebody-0123456789';

let as: AuthorizationServer;
let servers: Record<'shared' | 'scoped' | 'exchanged' | 'wrong', GuardedServer>;
let gateway: Embedded;
beforeAll(async () => {
  as = await startAuthorizationServer();
  const [shared, scoped, exchanged, wrong] = await Promise.all(
    Array.from({ length: 4 }, () => startGuarded()),
  );
  servers = { shared, scoped, exchanged, wrong } as typeof servers;
  guardedBy(servers.shared, as);
  guardedBy(servers.scoped, as, { scope: 'write' });
  guardedBy(servers.exchanged, as);
  // It would have the gateway get tokens of another server for it.
  guardedBy(servers.wrong, as, { resource: servers.shared.url });
  const client = { client_id: MACHINE.id, client_secret: MACHINE.secret, issuer: as.issuer };
  gateway = await embed({
    config: {
      observability: { log_level: 'error' },
      auth: {
        required: true,
        jwt: { issuers: [{ name: 'login', issuer: as.issuer, audience: ME, keys: as.keys.keys as never }] },
      },
      keys: [{ name: 'somebody', value: key }],
      mcp: {
        servers: {
          shared: { url: servers.shared.url, auth: { type: 'client_credentials', ...client } },
          scoped: {
            url: servers.scoped.url,
            auth: { type: 'client_credentials', ...client, scopes: ['read'] },
          },
          exchanged: { url: servers.exchanged.url, auth: { type: 'token_exchange', ...client } },
          brief: {
            url: servers.exchanged.url,
            auth: { type: 'token_exchange', ...client, idle: '1s' },
          },
          wrong: { url: servers.wrong.url, auth: { type: 'client_credentials', ...client } },
          locked: {
            url: servers.shared.url,
            auth: { type: 'client_credentials', ...client, client_secret: 'not-the-secret-0123456789' },
          },
          by_url: {
            url: servers.exchanged.url,
            auth: {
              type: 'token_exchange',
              client_id: MACHINE.id,
              client_secret: MACHINE.secret,
              token_url: `${as.issuer}/token`,
              audience: servers.exchanged.url,
            },
          },
        },
      },
    },
  });
});
afterAll(async () => {
  await gateway.close();
  await Promise.all(Object.values(servers).map((one) => one.close()));
  await as.close();
});
beforeEach(() => {
  as.asked.length = 0;
});

const whoami = async (server: string, by = key) => {
  const { code, text, message } = await callTool(gateway, server, 'whoami', {}, { key: by });
  return code === '' ? text : `${code}: ${message}`;
};
const tokens = (): number => as.asked.filter((one) => one === 'POST /token').length;
const lastToken = (server: GuardedServer): string =>
  (server.seen.at(-1)?.headers.get('authorization') ?? '').replace('Bearer ', '');

describe('client credentials', () => {
  it('one token is asked for, by many at once, for this server, and used until it ends', async () => {
    expect(await Promise.all(Array.from({ length: 5 }, () => whoami('shared')))).toEqual(
      Array(5).fill(MACHINE.id),
    );
    expect(tokens()).toBe(1);
    expect(await whoami('shared')).toBe(MACHINE.id);
    expect(tokens()).toBe(1);
  });

  it('a token that is not taken any more is replaced once, and the call made again', async () => {
    expect(await whoami('shared')).toBe(MACHINE.id);
    as.revoked.add(lastToken(servers.shared));
    const calls = await Promise.all(Array.from({ length: 5 }, () => whoami('shared')));
    expect(calls).toEqual(Array(5).fill(MACHINE.id));
    expect(tokens()).toBe(1);
  });

  it('more rights are asked for when the server wants them', async () => {
    expect(await whoami('scoped')).toBe(MACHINE.id);
    const [, payload = ''] = lastToken(servers.scoped).split('.');
    expect(JSON.parse(Buffer.from(payload, 'base64url').toString()).scope).toBe('read write');
  });

  it('a wrong secret is told without it', async () => {
    const said = await whoami('locked');
    expect(said).toContain(
      'mcp_server_unavailable: The MCP server "locked" is not available: there is no token for it',
    );
    expect(said).toMatch(/client authentication failed/i);
    expect(said).not.toContain('not-the-secret');
  });

  it('a server that says its tokens are for another one gets none', async () => {
    expect(await whoami('wrong')).toContain('which is not where it is');
    expect(tokens()).toBe(0);
    expect(servers.wrong.seen.every(({ headers }) => headers.get('authorization') === null)).toBe(true);
  });
});

describe('an exchange of tokens', () => {
  it('has each caller be who they are there, and is made once for each', async () => {
    const [ann, bob] = await Promise.all(['ann', 'bob'].map((sub) => as.callerToken(sub, ME)));
    expect(await whoami('exchanged', ann)).toBe('ann');
    expect(await whoami('exchanged', bob)).toBe('bob');
    expect(await whoami('exchanged', ann)).toBe('ann');
    // Another token of the same person with the same rights.
    expect(await whoami('exchanged', await as.callerToken('ann', ME))).toBe('ann');
    expect(tokens()).toBe(2);
    expect(await whoami('exchanged', await as.callerToken('ann', ME, { scope: 'less' }))).toBe('ann');
    expect(tokens()).toBe(3);
    // The caller's own token is for the gateway, and shown to nobody else.
    for (const { headers } of servers.exchanged.seen)
      expect([ann, bob]).not.toContain(headers.get('authorization')?.replace('Bearer ', ''));
  });

  // A session's own connection had been made with the token of its first request, and was never told of another: once that was over the session
  // could call nothing any more, with whatever token its client came.
  it('is made with the token that the client of a session has by now', async () => {
    let token = await as.callerToken('eve', ME);
    const fetch = ((to: string, init: RequestInit) => {
      const headers = new Headers(init.headers);
      headers.set('authorization', `Bearer ${token}`);
      return gateway.fetch(to, { ...init, headers });
    }) as typeof globalThis.fetch;
    const client = await newClient({ fetch, path: '/mcp/brief' }, 'legacy', {
      capabilities: { sampling: {} },
    });
    const who = async () => textOf(await client.callTool({ name: 'whoami' }));
    expect(await who()).toBe('eve');
    const users = async () => {
      const answer = await gateway.fetch('/api/mcp/servers');
      const { data } = (await answer.json()) as { data: { id: string; users: number | null }[] };
      return data.find(({ id }) => id === 'brief')?.users;
    };
    await until('what she shares with her other sessions is closed', async () => (await users()) === 0);
    token = await as.callerToken('eve', ME);
    as.revoked.add(lastToken(servers.exchanged));
    expect(await who()).toBe('eve');
    expect(as.exchanged.at(-1)).toBe(token);
    await client.close();
  });

  it('works with an endpoint that does not describe itself', async () => {
    expect(await whoami('by_url', await as.callerToken('cat', ME))).toBe('cat');
    expect(as.asked).toEqual(['POST /token']);
  });

  it('needs a token', async () => {
    expect(await whoami('exchanged')).toContain('mcp_credential_missing');
  });

  it('that fails is told without the token', async () => {
    as.down = true;
    const token = await as.callerToken('dan', ME);
    const said = await whoami('exchanged', token);
    as.down = false;
    expect(said).toContain('mcp_server_unavailable');
    expect(said).not.toContain(token);
  });
});
