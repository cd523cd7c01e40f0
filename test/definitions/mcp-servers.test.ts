import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type FakeMcp, startFakeMcp } from '../fakes/mcp-http.js';
import { type Embedded, embed } from '../gateway/embedded.js';
import { newClient } from '../mcp/clients.js';
import { callTool, fake, listTools, namesOf } from '../mcp/servers.js';
import { ADMIN_TOKEN, adminOf, codeOf, messageOf } from './embedded-admin.js';

const TOKEN = 'tok_0123456789abcdefghij';
const { command, args } = fake();
const [program = ''] = args;

let http: FakeMcp;
let gateway: Embedded;
let admin: ReturnType<typeof adminOf>;
beforeAll(async () => {
  http = await startFakeMcp();
  http.token = TOKEN;
  gateway = await embed({
    config: {
      admin: { token: ADMIN_TOKEN, encryption_key: randomBytes(32).toString('base64') },
      observability: { log_level: 'error' },
      mcp: {
        allow_commands: [
          { command, args: [program, '--folder=/srv/*'], env: ['LEVEL'] },
          { command, args: [program] },
        ],
      },
      keys: [{ name: 'someone', value: 'sk-someone-0123456789', mcp_servers: ['shop', 'prog'] }],
    },
  });
  admin = adminOf(gateway);
});
afterAll(async () => {
  await gateway.close();
  await http.close();
});

const key = 'sk-someone-0123456789';
const shop = (more: object = {}) => ({
  id: 'shop',
  url: `${http.url}/mcp`,
  headers: { authorization: `Bearer ${TOKEN}` },
  tools: { echo: { price_usd: 0.5 } },
  ...more,
});
const make = async (path: string, body: object) => {
  const made = await admin('POST', path, body);
  expect([made.status, made.text]).toEqual([201, made.text]);
  return made.body;
};
const remove = async (path: string) => expect((await admin('DELETE', path)).status).toBe(200);

describe('MCP servers of the store', () => {
  it('are there at once, changed, and gone, without their secrets', async () => {
    expect((await callTool(gateway, 'shop', 'echo', { say: 'a' }, { key })).code).toBe('mcp_server_unknown');
    const made = await make('/api/mcp-servers', shop());
    expect(made).toMatchObject({
      id: 'shop',
      source: 'store',
      in_force: true,
      version: 1,
      headers: { authorization: '***' },
    });
    const { text, body } = await callTool(gateway, 'shop', 'echo', { say: 'a' }, { key });
    expect([text, body['cost_usd']]).toEqual(['a', '0.5']);
    // With its secret left as it is shown.
    const changed = await admin(
      'PATCH',
      '/api/mcp-servers/shop',
      { denied_tools: ['html'], headers: { authorization: '***' } },
      { 'if-match': '"1"' },
    );
    expect(changed.body).toMatchObject({ version: 2, denied_tools: ['html'] });
    expect(namesOf((await listTools(gateway, { key })).data)).toEqual(
      ['cut', 'echo', 'ends-without', 'huge', 'huge-stream', 'stream'].map((name) => `shop/${name}`),
    );
    const late = await admin('DELETE', '/api/mcp-servers/shop?version=1');
    expect([late.status, codeOf(late)]).toEqual([409, 'version_conflict']);
    for (const path of ['/api/mcp-servers', '/api/audit?kind=mcp_server', '/api/export'])
      expect((await admin('GET', path)).text).not.toContain(TOKEN);
    await remove('/api/mcp-servers/shop');
    expect((await callTool(gateway, 'shop', 'echo', { say: 'a' }, { key })).code).toBe('mcp_server_unknown');
  });

  it('are refused with the words of headgate check', async () => {
    const cases: [body: object, words: string][] = [
      [{ id: 'x' }, 'one of "command", "url" and "openapi"'],
      [{ id: 'X y', url: http.url }, 'a server id'],
      [{ id: 'x', url: 'ftp://a' }, 'mcp.servers.x.url: expected an http'],
      [{ id: 'x', url: http.url, start: 'never' }, 'mcp.servers.x.start: expected demand or boot'],
      [{ id: 'x', url: http.url, tool: {} }, 'did you mean "tools"?'],
      [{ id: 'x', url: 'http://169.254.169.254/mcp' }, 'credentials of this machine'],
      [{ id: 'x', url: http.url, headers: { a: `\${HOME} x` } }, 'a variable stands alone'],
    ];
    for (const [body, words] of cases) {
      const told = await admin('POST', '/api/mcp-servers', body);
      expect([body, told.status, codeOf(told)]).toEqual([body, 400, 'entity_invalid']);
      expect(messageOf(told)).toContain(words);
    }
    expect((await admin('GET', '/api/mcp-servers')).body['data']).toEqual([]);
  });

  it('start only the programs that the file allows, as it allows them', async () => {
    const refused: object[] = [
      { command: '/bin/sh', args: ['-c', 'id'] },
      { command, args: [program, '-c'] },
      { command, args: [program, '--folder=/etc'] },
      { command, args: [program, '--folder=/srv/../etc'] },
      { command, args: [program, '--folder=/srv/a', 'more'] },
      { command, args },
      { command, args: [program, '--folder=/srv/a'], env: { NODE_OPTIONS: '--require /tmp/x' } },
      { command, args, cwd: '/tmp' },
    ].map((one, index) => (index === 5 ? { ...one, env: { LEVEL: 'x' } } : one));
    for (const one of refused) {
      const told = await admin('POST', '/api/mcp-servers', { id: 'prog', ...one });
      expect([one, told.status, codeOf(told)]).toEqual([one, 400, 'entity_invalid']);
      expect(messageOf(told)).toContain('mcp.servers.prog.command:');
      expect(messageOf(told)).toContain('mcp.allow_commands');
    }
    await make('/api/mcp-servers', {
      id: 'prog',
      command,
      args: [program, '--folder=/srv/a'],
      env: { LEVEL: 'a' },
    });
    expect((await callTool(gateway, 'prog', 'echo', { say: 'b' }, { key })).text).toBe('b');
    const worse = await admin('PATCH', '/api/mcp-servers/prog', { args: ['-e', 'process.exit()'] });
    expect([worse.status, codeOf(worse)]).toEqual([400, 'entity_invalid']);
    expect((await callTool(gateway, 'prog', 'echo', { say: 'c' }, { key })).text).toBe('c');
    await remove('/api/mcp-servers/prog');
  });

  it('can be the parts of virtual ones, and stay while they are', async () => {
    const virtual = { id: 'desk', description: 'Say it.', tools: ['shop/echo as say'] };
    const early = await admin('POST', '/api/mcp-virtual-servers', virtual);
    expect([early.status, messageOf(early)]).toEqual([
      400,
      expect.stringContaining('mcp.virtual.desk.tools[0]: there is no server "shop" in mcp.servers'),
    ]);
    await make('/api/mcp-servers', shop());
    await make('/api/mcp-virtual-servers', virtual);
    const client = await newClient({ fetch: gateway.fetch, path: '/mcp/desk', key });
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(['say']);
    await client.close();
    const refused = await admin('DELETE', '/api/mcp-servers/shop');
    expect([refused.status, codeOf(refused)]).toEqual([409, 'entity_in_use']);
    const same = await admin('POST', '/api/mcp-servers', { ...shop(), id: 'desk' });
    expect([same.status, codeOf(same)]).toEqual([400, 'entity_invalid']);
    await remove('/api/mcp-virtual-servers/desk');
    await remove('/api/mcp-servers/shop');
  });

  it('leave in an export and come in by an import', async () => {
    await make('/api/mcp-servers', shop());
    await make('/api/mcp-virtual-servers', { id: 'desk', tools: ['shop/echo as say'] });
    const { text } = await admin('GET', '/api/export');
    expect(parse(text)).toEqual({
      mcp: {
        servers: {
          shop: {
            url: `${http.url}/mcp`,
            headers: { authorization: `\${SHOP_AUTHORIZATION}` },
            tools: { echo: { price_usd: 0.5 } },
          },
        },
        virtual: { desk: { tools: ['shop/echo as say'] } },
      },
    });
    const again = await admin('POST', '/api/import', `${text}\n  runs: { rounds: 3 }\n`, {
      'content-type': 'application/yaml',
    });
    expect(again.body).toMatchObject({
      created: [],
      updated: [],
      unchanged: [
        { kind: 'mcp_server', id: 'shop' },
        { kind: 'mcp_virtual_server', id: 'desk' },
      ],
      ignored: ['mcp.runs'],
    });
    const changed = await admin('POST', '/api/import', text.replace('0.5', '0.25'), {
      'content-type': 'application/yaml',
    });
    expect(changed.body).toMatchObject({ updated: [{ kind: 'mcp_server', id: 'shop' }] });
    const called = await callTool(gateway, 'shop', 'echo', { say: 'a' }, { key });
    expect([called.text, called.body['cost_usd']]).toEqual(['a', '0.25']);
    await remove('/api/mcp-virtual-servers/desk');
    await remove('/api/mcp-servers/shop');
  });
});

it('servers of the store may be APIs with a document at an address, not with a file of the machine', async () => {
  const file = await admin('POST', '/api/mcp-servers', { id: 'api', openapi: '/etc/hosts' });
  expect([file.status, messageOf(file)]).toEqual([400, expect.stringContaining('a file of this machine')]);
  const inner = { id: 'api', openapi: 'https://a.example/x.json', base_url: 'http://169.254.169.254/' };
  const metadata = await admin('POST', '/api/mcp-servers', inner);
  expect([metadata.status, messageOf(metadata)]).toEqual([400, expect.stringContaining('base_url')]);
  const secret = 'sk-in-the-query-0123456789';
  const spec = {
    id: 'api',
    openapi: 'https://a.example/x.json',
    base_url: `https://a.example/?key=${secret}`,
  };
  expect(JSON.stringify(await make('/api/mcp-servers', spec))).not.toContain(secret);
  expect((await admin('GET', '/api/mcp-servers/api')).text).not.toContain(secret);
  await remove('/api/mcp-servers/api');
});

it('MCP servers of the file are read-only, and count', async () => {
  const filed = await embed({
    config: {
      admin: { token: ADMIN_TOKEN },
      mcp: { servers: { shop: { url: 'https://shop.example.com/mcp?key=abcdef', headers: { 'x-a': 'b' } } } },
    },
  });
  try {
    const ask = adminOf(filed);
    const { body, text } = await ask('GET', '/api/mcp-servers/shop');
    expect(body).toMatchObject({ source: 'file', read_only: true, headers: { 'x-a': '***' } });
    expect(text).not.toContain('key=abcdef');
    for (const [method, path, given] of [
      ['POST', '/api/mcp-servers', { id: 'shop', url: 'https://other.example.com/' }],
      ['PATCH', '/api/mcp-servers/shop', {}],
      ['DELETE', '/api/mcp-servers/shop', undefined],
    ] as const) {
      const told = await ask(method, path, given);
      expect([path, told.status, codeOf(told)]).toEqual([path, 409, 'entity_read_only']);
    }
  } finally {
    await filed.close();
  }
});
