import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { McpServerConfig } from '../../core/config/mcp-config.js';
import { Pins } from '../../core/mcp/hub/pins.js';
import { definitionsOf } from '../../core/mcp/hub/tool-definition.js';
import { adminOf, codeOf, messageOf } from '../definitions/embedded-admin.js';
import { embed, until } from '../gateway/embedded.js';
import { callTool, fake, listTools } from './servers.js';

type Json = Record<string, unknown>;

it('a pinned tool whose description changed is held back, in the list, in calls and for admins, until it is accepted', async () => {
  const server = { ...fake(), tools: { echo: { pin: true as const } } };
  const gateway = await embed({
    config: { observability: { log_level: 'error' }, mcp: { servers: { shop: server, open: fake() } } },
  });
  try {
    const echo = async () =>
      (await listTools(gateway, { query: '?server=shop' })).data.find(({ name }) => name === 'echo');
    const before = await echo();
    expect((await callTool(gateway, 'shop', 'echo', { say: 'x' })).text).toBe('x');
    const file = join(gateway.dataDir, 'mcp-pins.json');
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({
      shop: { echo: { fingerprint: before?.['fingerprint'], tool: { description: 'Says it again' } } },
    });

    // The call that comes at once has seen the tool as it was: it is refused all the same.
    await callTool(gateway, 'shop', 'change');
    await until(
      'it is held',
      async () => (await callTool(gateway, 'shop', 'echo', { say: 'x' })).code === 'mcp_tool_held',
    );
    expect(await echo()).toBeUndefined();
    const states = (await (await gateway.fetch('/api/mcp/servers')).json()) as {
      data: { id: string; held: object[] }[];
    };
    expect(states.data.find(({ id }) => id === 'shop')?.held).toEqual([
      { name: 'echo', fingerprint: expect.stringMatching(/^sha256:/) },
    ]);

    // One that nobody has pinned changes as it likes.
    await callTool(gateway, 'open', 'change');
    expect((await callTool(gateway, 'open', 'echo', { say: 'y' })).text).toBe('y');
  } finally {
    await gateway.close();
  }
});

it('a held tool is shown as it was and as it is, and whoever may accepts what they have seen', async () => {
  const admin = 'the-token-of-the-administrator';
  const dataDir = mkdtempSync(join(tmpdir(), 'headgate-pins-'));
  const open = (tools: Record<string, { pin: true | string }>) =>
    embed({
      dataDir,
      config: {
        admin: { token: admin },
        observability: { log_level: 'error' },
        mcp: { servers: { shop: { ...fake(), tools } } },
      },
    });
  let gateway = await open({ echo: { pin: true } });
  const ask = adminOf(gateway, admin);
  const held = async () => (await ask('GET', '/api/mcp/held')).body['data'] as Record<string, Json>[];
  try {
    const first = (await listTools(gateway)).data.find(({ name }) => name === 'echo');
    expect(await held()).toEqual([]);
    await callTool(gateway, 'shop', 'change');
    const said = () => callTool(gateway, 'shop', 'echo', { say: 'x' });
    await until('it is held', async () => (await said()).code === 'mcp_tool_held');
    const [one] = await held();
    expect(one).toMatchObject({
      server: 'shop',
      tool: 'echo',
      before: { description: 'Says it again', fingerprint: first?.['fingerprint'] },
      pinned_by: 'first_seen',
    });
    expect(one?.['now']?.['description']).not.toBe('Says it again');
    const fingerprint = one?.['now']?.['fingerprint'];

    const stale = await ask('POST', '/api/mcp/held', {
      server: 'shop',
      tool: 'echo',
      fingerprint: first?.['fingerprint'],
    });
    expect([stale.status, codeOf(stale)]).toEqual([409, 'version_conflict']);
    const nobody = await ask('POST', '/api/mcp/held', { server: 'shop', tool: 'read', fingerprint });
    expect([nobody.status, codeOf(nobody)]).toEqual([404, 'entity_unknown']);
    expect((await said()).code).toBe('mcp_tool_held');

    const accepted = await ask('POST', '/api/mcp/held', { server: 'shop', tool: 'echo', fingerprint });
    expect([accepted.status, accepted.body['accepted']]).toEqual([200, true]);
    await until('it is there', async () => (await said()).text === 'x');
    expect(await held()).toEqual([]);
    const audit = (await ask('GET', '/api/audit?kind=mcp_tool')).body['data'] as Json[];
    expect(audit).toMatchObject([
      { action: 'accept', id: 'shop/echo', actor: 'admin', after: { spec: { now: { fingerprint } } } },
    ]);
    expect(JSON.stringify(audit)).toContain('Says it again');
  } finally {
    await gateway.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
  gateway = await open({ echo: { pin: `sha256:${'0'.repeat(64)}` } });
  try {
    const again = adminOf(gateway, admin);
    expect((await callTool(gateway, 'shop', 'echo', { say: 'x' })).code).toBe('mcp_tool_held');
    const [one] = (await again('GET', '/api/mcp/held')).body['data'] as Record<string, Json>[];
    expect(one).toMatchObject({
      before: { fingerprint: `sha256:${'0'.repeat(64)}` },
      pinned_by: 'configuration',
    });
    const refused = await again('POST', '/api/mcp/held', {
      server: 'shop',
      tool: 'echo',
      fingerprint: one?.['now']?.['fingerprint'],
    });
    expect([refused.status, messageOf(refused)]).toEqual([
      400,
      expect.stringContaining('pinned to a fingerprint'),
    ]);
  } finally {
    await gateway.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
});

it('a file of pins that cannot be read holds everything back', async () => {
  const server = { ...fake(), tools: { '*': { pin: true as const } } };
  const gateway = await embed({
    config: { observability: { log_level: 'error' }, mcp: { servers: { shop: server } } },
  });
  try {
    writeFileSync(join(gateway.dataDir, 'mcp-pins.json'), '{"shop": {"echo": ');
    const { code, message } = await callTool(gateway, 'shop', 'echo', { say: 'x' });
    expect(code).toBe('mcp_server_unavailable');
    expect(message).toContain('mcp-pins.json is not JSON');
  } finally {
    await gateway.close();
  }
});

// What was first seen was noted in an object that had a `__proto__` of its own: nothing was noted of a tool of that name, and its server could
// change it as often as it liked.
it('a tool is pinned whatever it is called', () => {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-pins-'));
  const server = { id: 'shop', tools: new Map([['*', { pin: 'first' }]]) } as unknown as McpServerConfig;
  const named = (name: string, description: string) =>
    definitionsOf([{ name, description, inputSchema: { type: 'object' } }]);
  try {
    const pins = () => new Pins(join(folder, 'mcp-pins.json'));
    for (const name of ['echo', '__proto__', 'constructor']) {
      expect(pins().check(server, named(name, 'Adds up')).held).toEqual([]);
      expect(pins().check(server, named(name, 'Adds up')).tools).toHaveLength(1);
      expect(pins().check(server, named(name, 'Adds up, and reads your mail'))).toMatchObject({
        tools: [],
        held: [{ pinned: { tool: { description: 'Adds up' } } }],
      });
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it('a server that makes up new tools without end is stopped there, and nothing of what was pinned is lost', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'headgate-pins-'));
  try {
    const file = join(dataDir, 'mcp-pins.json');
    const pins = new Pins(file);
    const serverOf = (id: string) =>
      ({ id, tools: new Map([['*', { pin: 'first' }]]) }) as unknown as McpServerConfig;
    const some = (prefix: string, count: number, description = '') =>
      definitionsOf(
        Array.from({ length: count }, (_, i) => ({
          name: `${prefix}${i}`,
          description,
          inputSchema: { type: 'object' as const },
        })),
      );
    const names = (prefix: string, count: number, description = '') =>
      pins.check(serverOf('shop'), some(prefix, count, description)).tools.map(({ name }) => name);
    expect(names('a', 9_999)).toHaveLength(9_999);
    expect(() => names('b', 2)).toThrow(/more tools than are pinned for one server .*mcp-pins\.json/);
    expect(names('b', 1)).toEqual(['b0']);
    const before = readFileSync(file, 'utf8');
    expect(() => names('c', 1)).toThrow(/10000/);
    expect(readFileSync(file, 'utf8')).toBe(before);
    // One that was gone and comes back changed is held; one that is as it was is not; others have room of their own.
    expect(names('a', 2, 'changed')).toEqual([]);
    expect(names('a', 2)).toEqual(['a0', 'a1']);
    expect(pins.check(serverOf('other'), some('c', 1)).tools).toHaveLength(1);
    expect(() => pins.check(serverOf('wordy'), some('d', 33, 'x'.repeat(1024 ** 2)))).toThrow(/characters/);
  } finally {
    rmSync(dataDir, { recursive: true });
  }
});
