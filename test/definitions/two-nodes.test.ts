import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startFakeMcp } from '../fakes/mcp-http.js';
import { type Embedded, embed, json } from '../gateway/embedded.js';
import { callTool } from '../mcp/servers.js';
import { noPostgres, once, type RealPostgres, startPostgres } from '../store/real-postgres.js';
import { ADMIN_TOKEN, adminOf, codeOf } from './embedded-admin.js';

/** Within which a change made on one node must be in force on another. */
const WITHIN_MS = 1_000;

describe.skipIf(noPostgres !== null)('definitions of two nodes on one Postgres', () => {
  let server: RealPostgres;
  let url: string;
  const nodes: Embedded[] = [];
  beforeAll(async () => {
    server = await startPostgres();
    url = await server.database();
    for (let i = 0; i < 2; i++)
      nodes.push(
        await embed({
          config: { admin: { token: ADMIN_TOKEN, secret: 'of-both-nodes-0123456789' }, store: { url } },
        }),
      );
  }, 60_000);
  afterAll(async () => {
    for (const node of nodes) await node.close();
    await server.stop();
  });

  const target = async (node: Embedded, model: string): Promise<string | null> => {
    const asked = json({ model, messages: [{ role: 'user', content: 'Hi' }] });
    const answer = await node.fetch('/v1/chat/completions', asked);
    await answer.text();
    return answer.ok ? answer.headers.get('x-headgate-model') : null;
  };
  const becomes = async (node: Embedded, model: string, wanted: string | null): Promise<void> => {
    for (const until = Date.now() + WITHIN_MS; Date.now() < until; await sleep(10))
      if ((await target(node, model)) === wanted) return;
    expect(await target(node, model)).toBe(wanted);
  };

  it('are in force on the other one within a second, changed and gone too', async () => {
    const [one, two] = nodes as [Embedded, Embedded];
    const [first, second] = [adminOf(one), adminOf(two)];
    expect((await first('POST', '/api/model-definitions', { id: 'm', targets: ['mock/a'] })).status).toBe(
      201,
    );
    expect(await target(one, 'm')).toBe('a');
    await becomes(two, 'm', 'a');
    expect(
      (await second('PATCH', '/api/model-definitions/m', { targets: ['mock/b'], version: 1 })).status,
    ).toBe(200);
    expect(await target(two, 'm')).toBe('b');
    await becomes(one, 'm', 'b');
    // At once on both: one of them is told that it was late, and both end up with the same.
    const both = await Promise.all([
      first('PATCH', '/api/model-definitions/m', { targets: ['mock/c'], version: 2 }),
      second('PATCH', '/api/model-definitions/m', { targets: ['mock/d'], version: 2 }),
    ]);
    expect(both.map(codeOf).filter((code) => code !== undefined)).toEqual(['version_conflict']);
    const won = both[0]?.status === 200 ? 'c' : 'd';
    await becomes(one, 'm', won);
    await becomes(two, 'm', won);
    expect((await second('DELETE', '/api/model-definitions/m')).status).toBe(200);
    await becomes(one, 'm', null);
  });

  it('MCP servers are there on the other one within a second', async () => {
    const [one, two] = nodes as [Embedded, Embedded];
    const http = await startFakeMcp();
    try {
      const made = await adminOf(one)('POST', '/api/mcp-servers', { id: 'shop', url: `${http.url}/mcp` });
      expect(made.status).toBe(201);
      expect((await callTool(one, 'shop', 'echo', { say: 'a' })).text).toBe('a');
      const said = () => callTool(two, 'shop', 'echo', { say: 'b' });
      for (const until = Date.now() + WITHIN_MS; (await said()).text !== 'b' && Date.now() < until; )
        await sleep(10);
      expect((await said()).text).toBe('b');
      expect((await adminOf(two)('DELETE', '/api/mcp-servers/shop')).status).toBe(200);
      expect((await said()).code).toBe('mcp_server_unknown');
    } finally {
      await http.close();
    }
  });

  it('stay in force while the store is away, and are not changed', async () => {
    const [one, two] = nodes as [Embedded, Embedded];
    const admin = adminOf(one);
    await admin('POST', '/api/model-definitions', { id: 'kept', targets: ['mock/a'] });
    await becomes(two, 'kept', 'a');
    const beside = await server.database();
    const name = new URL(url).pathname.slice(1);
    await once(beside, `ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
    await once(beside, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`);
    const refused = await admin('PATCH', '/api/model-definitions/kept', { targets: ['mock/b'] });
    expect([refused.status, codeOf(refused)]).toEqual([503, 'store_unavailable']);
    expect(await target(one, 'kept')).toBe('a');
    expect(await target(two, 'kept')).toBe('a');
    // Back again, it is taken up where it was.
    await once(beside, `ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
    const again = () => admin('PATCH', '/api/model-definitions/kept', { targets: ['mock/b'] });
    for (const until = Date.now() + 30_000; (await again()).status !== 200 && Date.now() < until; )
      await sleep(50);
    expect(await target(one, 'kept')).toBe('b');
    await becomes(two, 'kept', 'b');
  });
});
