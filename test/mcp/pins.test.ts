import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { embed, until } from '../gateway/embedded.js';
import { callTool, fake, listTools } from './servers.js';

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
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ shop: { echo: before?.['fingerprint'] } });

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
