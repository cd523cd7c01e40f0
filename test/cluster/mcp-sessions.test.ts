import { request } from 'node:http';
import { type AddressInfo, connect, createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { forwardedHeader, hashOf } from '../../core/mcp/forwarded.js';
import { startOpenAi } from '../fakes/openai.js';
import type { FakeProvider } from '../fakes/provider.js';
import { behind, type Embedded, embed } from '../gateway/embedded.js';
import { newClient, oldClient, textOf } from '../mcp/clients.js';
import { calling, saying } from '../mcp/run-setup.js';
import { fixture } from '../mcp/servers.js';
import { noRedis, type RealRedis, startRedis } from '../state/real-redis.js';
import { noPostgres, type RealPostgres, startPostgres } from '../store/real-postgres.js';

const KEY = 'hg-sessions-0123456789abc';
const NEAR = 'hg-near-sessions-0123456789';
const OTHER = 'hg-other-sessions-0123456789';
const SECRET = 'the-secret-of-all-nodes-0123456789';
const PING = JSON.stringify({ jsonrpc: '2.0', id: 2, method: 'ping' });
const none = noPostgres ?? noRedis;

const initialize = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
};

describe.skipIf(none !== null)('sessions of /mcp over two nodes', () => {
  let postgres: RealPostgres;
  let redis: RealRedis;
  let openai: FakeProvider;
  let config: object;
  let nodes: Embedded[] = [];
  let urls: string[] = [];

  const start = async (): Promise<[Embedded, string]> => {
    const node = await embed({ config });
    return [node, await node.listen()];
  };
  beforeAll(async () => {
    [postgres, redis, openai] = await Promise.all([startPostgres(), startRedis(), startOpenAi()]);
    config = {
      admin: { token: 'the-token-of-the-administrator', secret: SECRET },
      store: { url: await postgres.database() },
      cluster: { redis: redis.url },
      observability: { log_level: 'error' },
      keys: [
        { name: 'all', value: KEY },
        { name: 'near', value: NEAR, ip_ranges: ['127.0.0.1/32'] },
        { name: 'other', value: OTHER },
      ],
      mcp: {
        servers: { fixture: { ...fixture(), tools: { test_simple_text: { approval: 'required' } } } },
      },
      providers: behind(openai),
    };
    const started = await Promise.all([start(), start()]);
    nodes = started.map(([node]) => node);
    urls = started.map(([, url]) => url);
  }, 120_000);
  afterAll(async () => {
    await Promise.all(nodes.map((node) => node.close()));
    await Promise.all([postgres?.stop(), redis?.stop(), openai?.close()]);
  });

  /** Each request goes to another node than the one before, as behind a balancer that knows nothing of sessions. */
  const inTurn = (): typeof fetch => {
    let count = 0;
    return (input, init) => {
      const { pathname } = new URL(String(input instanceof Request ? input.url : input));
      return fetch(`${urls[count++ % urls.length]}${pathname}`, init);
    };
  };
  const way = (key = KEY) => ({ fetch: inTurn(), url: 'http://balancer', path: '/mcp/fixture', key });
  const post = (node: number, body: object, headers: Record<string, string> = {}, key = KEY) =>
    fetch(`${urls[node]}/mcp/fixture`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${key}`,
        accept: 'application/json, text/event-stream',
        'content-type': 'application/json',
        ...headers,
      },
      body: JSON.stringify(body),
    });
  const begin = async (node: number, key = KEY): Promise<string> => {
    const begun = await post(node, initialize, {}, key);
    expect(begun.status).toBe(200);
    await begun.text();
    return begun.headers.get('mcp-session-id') ?? '';
  };
  const ping = (node: number, session: string, key = KEY, more: Record<string, string> = {}) =>
    post(node, { jsonrpc: '2.0', id: 2, method: 'ping' }, { 'mcp-session-id': session, ...more }, key);

  it.each([
    ['the client of the first generation', oldClient],
    ['the client of the second generation', newClient],
  ])('%s has one session, whichever node it comes to', async (_, connectClient) => {
    const client = await (connectClient as typeof newClient)(way());
    for (let i = 0; i < 4; i++) {
      expect((await client.listTools()).tools.map(({ name }) => name)).toContain('large');
      expect(textOf(await client.callTool({ name: 'large', arguments: {} }))).toHaveLength(900_000);
    }
    await client.close();
  });

  it('what its server asks, and what it is told of progress and changes, reaches it over the other node', async () => {
    const changed: string[] = [];
    const client = await newClient(way(), 'legacy', { capabilities: { elicitation: {} } }, (made) => {
      made.setRequestHandler('elicitation/create', async () => ({
        action: 'accept',
        content: { response: 'blue' },
      }));
      made.setNotificationHandler('notifications/resources/updated', ({ params: { uri } }) => {
        changed.push(uri);
      });
    });
    for (let i = 0; i < 4; i++) {
      const result = await client.callTool({ name: 'test_elicitation', arguments: { message: 'Which?' } });
      expect(textOf(result)).toContain('"response":"blue"');
    }
    const steps: number[] = [];
    const call = { name: 'test_tool_with_progress', arguments: {} };
    await client.callTool(call, { onprogress: ({ progress }) => void steps.push(progress) });
    expect(steps).toEqual([0, 50, 100]);
    await client.subscribeResource({ uri: 'test://watched-resource' });
    await client.callTool({ name: 'touch', arguments: { uri: 'test://watched-resource' } });
    await expect.poll(() => changed, { timeout: 20_000 }).toEqual(['test://watched-resource']);
    await client.close();
  });

  it('a call that is cancelled, or whose client leaves, is stopped at its server', async () => {
    const client = await newClient(way());
    const running = async (): Promise<number> =>
      (JSON.parse(textOf(await client.callTool({ name: 'state', arguments: {} }))) as { running: number })
        .running;
    for (let i = 0; i < 2; i++) {
      const aborted = new AbortController();
      const { signal } = aborted;
      const pending = client.callTool({ name: 'slow', arguments: {} }, { signal });
      pending.catch(() => {});
      await expect.poll(running, { timeout: 20_000 }).toBe(1);
      aborted.abort();
      await expect(pending).rejects.toThrow();
      await expect.poll(running, { timeout: 20_000 }).toBe(0);
    }
    await client.close();
  });

  it('belongs to its key, and ends for all nodes', async () => {
    const session = await begin(0);
    expect([(await ping(0, session)).status, (await ping(1, session)).status]).toEqual([200, 200]);
    expect([(await ping(0, session, OTHER)).status, (await ping(1, session, OTHER)).status]).toEqual([
      404, 404,
    ]);
    expect((await ping(1, session, 'hg-nobody-0123456789')).status).toBe(401);
    const ended = await fetch(`${urls[1]}/mcp/fixture`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${KEY}`, 'mcp-session-id': session },
    });
    expect(ended.status).toBe(200);
    expect([(await ping(0, session)).status, (await ping(1, session)).status]).toEqual([404, 404]);
    for (const made of ['x.0123456789ab', `${session.slice(0, -12)}ffffffffffff`, 'x'])
      expect((await ping(1, made)).status).toBe(404);
  });

  it('the address that counts is that of the client, and nobody but a node can say another', async () => {
    const session = await begin(0, NEAR);
    expect((await ping(1, session, NEAR)).status).toBe(200);
    // From an address that the key may not be used from.
    const from = (node: number, headers: Record<string, string>): Promise<number> =>
      new Promise((resolve, reject) => {
        const { hostname, port } = new URL(urls[node] as string);
        const sent = request(
          {
            hostname,
            port,
            localAddress: '127.0.0.7',
            method: 'POST',
            path: '/mcp/fixture',
            headers: {
              authorization: `Bearer ${NEAR}`,
              accept: 'application/json, text/event-stream',
              'content-type': 'application/json',
              'mcp-session-id': session,
              ...headers,
            },
          },
          (answer) => {
            answer.resume();
            resolve(answer.statusCode ?? 0);
          },
        );
        sent.on('error', reject);
        sent.end(PING);
      });
    expect([await from(0, {}), await from(1, {})]).toEqual([403, 403]);
    const now = Date.now();
    const body = hashOf(Buffer.from(PING));
    const near = { address: '127.0.0.1', headers: ['authorization', `Bearer ${NEAR}`] };
    const of = { method: 'POST', path: '/mcp/fixture', session, body };
    const wrong = [
      forwardedHeader('another-secret', near, of, now),
      forwardedHeader(SECRET, near, { ...of, session: 'another-session' }, now),
      forwardedHeader(SECRET, near, { ...of, path: '/mcp' }, now),
      forwardedHeader(SECRET, near, of, now - 600_000),
      'nonsense',
    ];
    for (const header of wrong) expect(await from(0, { 'x-headgate-forwarded': header })).toBe(403);
  });

  it('between nodes no credential is in the clear, and what was sent is good for that request alone', async () => {
    const seen: Buffer[] = [];
    let port = 0;
    const proxy = createServer((client) => {
      const node = connect(port, '127.0.0.1');
      client.on('data', (bytes) => seen.push(bytes));
      client.pipe(node).pipe(client);
      client.on('error', () => node.destroy());
      node.on('error', () => client.destroy());
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const address = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    const behindProxy = await embed({ config: { ...config, cluster: { redis: redis.url, address } } });
    const url = await behindProxy.listen();
    port = Number(new URL(url).port);
    urls = [...urls, url];
    try {
      const session = await begin(2);
      const more = { cookie: 'a-secret-cookie', 'x-anything': 'a-secret-header' };
      expect((await ping(0, session, KEY, more)).status).toBe(200);
      const text = Buffer.concat(seen).toString('latin1');
      expect(text).toContain('POST /mcp/fixture');
      for (const secret of [KEY, 'Bearer', 'a-secret-cookie', 'a-secret-header'])
        expect(text).not.toContain(secret);
      const [, sealed = ''] = /x-headgate-forwarded: (\S+)/i.exec(text) ?? [];
      const again = (message: object) =>
        fetch(`${url}/mcp/fixture`, {
          method: 'POST',
          headers: {
            accept: 'application/json, text/event-stream',
            'content-type': 'application/json',
            'mcp-session-id': session,
            'x-headgate-forwarded': sealed,
          },
          body: JSON.stringify(message),
        });
      expect((await again({ jsonrpc: '2.0', id: 3, method: 'tools/list' })).status).toBe(401);
    } finally {
      urls = urls.slice(0, 2);
      await behindProxy.close();
      proxy.close();
    }
  });

  it('a run that waits for its client goes on at the other node, once', async () => {
    const ask = (node: number, more: Record<string, string> = {}, key = KEY) =>
      fetch(`${urls[node]}/v1/chat/completions`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${key}`,
          'content-type': 'application/json',
          'x-headgate-mcp': 'fixture',
          'x-headgate-mcp-mode': 'agent',
          ...more,
        },
        body: JSON.stringify({ model: 'openai/gpt-4o', messages: [{ role: 'user', content: 'Greet.' }] }),
      });
    openai.next(calling({ fixture__test_simple_text: {} }, 'May I?'));
    const first = await ask(0);
    const asked = (await first.json()) as { choices: { message: { tool_calls: { id: string }[] } }[] };
    const call = asked.choices[0]?.message.tool_calls[0]?.id ?? '';
    const run = first.headers.get('x-headgate-run') ?? '';
    expect(run).toMatch(/^run_hg_/);
    const agreed = { 'x-headgate-run': run, 'x-headgate-approve': call };
    expect((await ask(1, agreed, OTHER)).status).toBe(404);
    openai.next(saying('It says hello.'), saying('It says hello.'));
    // Both at once, at both nodes: one of them has it.
    const both = await Promise.all([ask(1, agreed), ask(0, agreed)]);
    expect(both.map(({ status }) => status).sort()).toEqual([200, 404]);
    const won = both.find(({ status }) => status === 200);
    expect(await won?.text()).toContain('It says hello.');
    const second = await openai.request(2);
    await second.complete;
    expect(JSON.stringify(second.json())).toContain('This is a simple text response for testing.');
  });

  it('ends with its node: its client is told 404 and begins anew', async () => {
    const [third, url] = await start();
    urls = [...urls, url];
    const session = await begin(2);
    expect((await ping(0, session)).status).toBe(200);
    const stream = await fetch(`${urls[0]}/mcp/fixture`, {
      headers: { authorization: `Bearer ${KEY}`, accept: 'text/event-stream', 'mcp-session-id': session },
    });
    expect(stream.status).toBe(200);
    await third.close();
    urls = urls.slice(0, 2);
    // The stream is over, and not left hanging.
    await stream.text().catch(() => '');
    for (const node of [0, 1]) {
      const told = await ping(node, session);
      expect([told.status, await told.json()]).toEqual([
        404,
        { jsonrpc: '2.0', id: null, error: { code: -32_001, message: 'Session not found' } },
      ]);
    }
  });
});
