import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Headgate, startHeadgate, stopCleanly } from '../e2e/harness.js';
import {
  type AuthorizationServer,
  guardedBy,
  MACHINE,
  startAuthorizationServer,
} from './authorization-server.js';
import { newClient } from './clients.js';
import { type GuardedServer, startGuarded } from './guarded-server.js';
import { callTool, listTools } from './servers.js';

const VALUE = 'planted-user-value-0123456789';
const FORWARDED = 'planted-forwarded-0123456789';
const FIXED = 'planted-fixed-0123456789';
const WRONG = 'planted-client-secret-0123456789';
const key = 'sk-somebody-0123456789';

let as: AuthorizationServer;
let servers: GuardedServer[];
let gateway: Headgate;
let caller: string;
beforeAll(async () => {
  as = await startAuthorizationServer();
  servers = await Promise.all(Array.from({ length: 5 }, () => startGuarded()));
  // They say what they were sent, in every way there is.
  for (const one of servers)
    one.guard = ({ headers, url }, body) => {
      const seen = JSON.stringify([...headers]);
      const say = new URL(url).searchParams.get('say');
      if (say === 'status')
        return new Response(seen, { status: 500, headers: { 'x-seen': seen.replace(/[^\x20-\x7e]/g, '') } });
      return Response.json({
        jsonrpc: '2.0',
        id: idOf(body),
        error: { code: -32_000, message: `no: ${seen}`, data: seen },
      });
    };
  const [user, forward, fixed, exchanged] = servers as [
    GuardedServer,
    GuardedServer,
    GuardedServer,
    GuardedServer,
  ];
  const { guard } = exchanged;
  guardedBy(exchanged, as);
  const { guard: guarded } = exchanged;
  exchanged.guard = async (request, body) => {
    const verdict = await guarded(request, body);
    return verdict instanceof Response ? verdict : guard(request, body);
  };
  const client = { client_id: MACHINE.id, issuer: as.issuer };
  gateway = await startHeadgate({
    config: {
      server: { threads: 2 },
      observability: { log_level: 'trace' },
      auth: {
        required: true,
        jwt: { issuers: [{ name: 'login', issuer: as.issuer, audience: 'gateway', keys: as.keys.keys }] },
      },
      keys: [{ name: 'somebody', value: key }],
      mcp: {
        servers: Object.fromEntries(
          ['rpc', 'status'].flatMap((say) => {
            const at = ({ url }: GuardedServer) => `${url}?say=${say}`;
            return [
              [
                `user-${say}`,
                { url: at(user), auth: { type: 'user_header', values: { 'key:somebody': VALUE } } },
              ],
              [`forward-${say}`, { url: at(forward), auth: { type: 'forward', forward: ['x-token'] } }],
              [`fixed-${say}`, { url: at(fixed), auth: { type: 'header', name: 'x-key', value: FIXED } }],
              [
                `exchanged-${say}`,
                {
                  url: at(exchanged),
                  auth: {
                    type: 'token_exchange',
                    ...client,
                    client_secret: MACHINE.secret,
                    resource: exchanged.url,
                  },
                },
              ],
              [
                `locked-${say}`,
                { url: at(fixed), auth: { type: 'client_credentials', ...client, client_secret: WRONG } },
              ],
            ];
          }),
        ),
      },
    },
  });
  caller = await as.callerToken('ann', 'gateway');
});
afterAll(async () => {
  await stopCleanly(gateway);
  await Promise.all(servers.map((one) => one.close()));
  await as.close();
});

it('no credential is in an error, a list or the log, whatever servers say', async () => {
  const fetchWith: typeof fetch = (to, init) => {
    const headers = new Headers(init?.headers);
    headers.set('x-token', FORWARDED);
    return fetch(to, { ...init, headers });
  };
  const said: string[] = [];
  for (const say of ['rpc', 'status'])
    for (const name of ['user', 'forward', 'fixed', 'exchanged', 'locked']) {
      const server = `${name}-${say}`;
      const by = name === 'exchanged' ? caller : key;
      const called = await callTool(
        { fetch: fetchWith },
        server,
        'whoami',
        {},
        { key: by, url: gateway.url },
      );
      expect([server, called.status >= 400]).toEqual([server, true]);
      said.push(JSON.stringify(called.body));
      const listed = await listTools(
        { fetch: (path, init) => fetchWith(`${gateway.url}${String(path)}`, init) },
        { key: by, query: `?server=${server}` },
      );
      said.push(JSON.stringify(listed));
      const client = await newClient({ fetch: fetchWith, key: by, url: gateway.url, path: `/mcp/${server}` });
      const failed = await client
        .readResource({ uri: 'guarded://self' })
        .catch((error: Error & { data?: unknown }) => error);
      said.push(JSON.stringify([String(failed), (failed as { data?: unknown }).data]));
      await client.close();
    }
  const states = await fetch(`${gateway.url}/api/mcp/servers`);
  said.push(await states.text(), gateway.logs());
  // They did get them.
  const sent = JSON.stringify(headersSeen());
  const issued = [...new Set([...sent.matchAll(/Bearer (eyJ[\w.-]+)/g)].map(([, token = '']) => token))];
  for (const secret of [VALUE, FORWARDED, FIXED]) expect(sent).toContain(secret);
  expect(issued.length).toBeGreaterThan(0);
  for (const text of said)
    for (const secret of [VALUE, FORWARDED, FIXED, WRONG, MACHINE.secret, caller, ...issued])
      expect(text.includes(secret), `${secret} in ${text.slice(0, 2000)}`).toBe(false);
});

function headersSeen(): [string, string][][] {
  return servers.flatMap(({ seen }) => seen.map(({ headers }) => [...headers]));
}

function idOf(body: string): unknown {
  return body === '' ? null : (JSON.parse(body) as { id?: unknown }).id;
}
