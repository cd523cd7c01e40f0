import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Embedded, embed } from '../gateway/embedded.js';
import { callTool, everything, filesystem, listTools, memory, namesOf } from './servers.js';

const ALL = 'hg-all-tools-0123456789';
const READER = 'hg-only-reads-0123456789';

let folder: string;
let gateway: Embedded;
beforeAll(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'headgate-mcp-')));
  writeFileSync(join(folder, 'note.txt'), 'a note');
  gateway = await embed({
    config: {
      observability: { log_level: 'error' },
      teams: { readers: { mcp_servers: ['files', 'memory'], denied_mcp_tools: ['*/write_*', 'memory/*'] } },
      keys: [
        { name: 'all', value: ALL },
        { name: 'reader', value: READER, team: 'readers' },
      ],
      mcp: {
        servers: {
          everything: {
            ...everything('stdio'),
            denied_tools: ['get-env'],
            tools: { echo: { price_usd: 0.002 } },
          },
          files: filesystem(folder),
          memory: memory(join(folder, 'memory.json')),
        },
      },
    },
  });
});
afterAll(async () => {
  await gateway.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('the tools of the reference servers over stdio', () => {
  it('are listed together, those of each server by name', async () => {
    const { status, data, missing } = await listTools(gateway, { key: ALL });
    expect([status, missing]).toEqual([200, []]);
    const names = namesOf(data);
    expect(names).toEqual(
      expect.arrayContaining(['everything/echo', 'files/read_text_file', 'memory/read_graph']),
    );
    expect(names).not.toContain('everything/get-env');
    const servers = [...new Set(data.map(({ server }) => server))];
    expect(servers).toEqual(['everything', 'files', 'memory']);
    for (const server of servers) {
      const own = names.filter((name) => name.startsWith(`${server}/`));
      expect(own).toEqual(own.toSorted());
    }
    const echo = data.find(({ name }) => name === 'echo');
    expect(echo).toMatchObject({
      price_usd: '0.002',
      input_schema: { type: 'object', properties: { message: { type: 'string' } } },
      fingerprint: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
    });
  });

  it('are called, and what they return is given as it is', async () => {
    expect(await callTool(gateway, 'everything', 'echo', { message: 'hello' }, { key: ALL })).toMatchObject({
      status: 200,
      text: 'Echo: hello',
      body: { server: 'everything', tool: 'echo', cost_usd: '0.002' },
    });
    const read = await callTool(
      gateway,
      'files',
      'read_text_file',
      { path: join(folder, 'note.txt') },
      { key: ALL },
    );
    expect(read.text).toBe('a note');
    const entities = [{ name: 'Ada', entityType: 'person', observations: ['wrote programs'] }];
    expect((await callTool(gateway, 'memory', 'create_entities', { entities }, { key: ALL })).status).toBe(
      200,
    );
    expect(readFileSync(join(folder, 'memory.json'), 'utf8')).toContain('Ada');
    const structured = await callTool(
      gateway,
      'everything',
      'get-structured-content',
      { location: 'Chicago' },
      { key: ALL },
    );
    expect(structured.body.result).toMatchObject({ structuredContent: { temperature: expect.any(Number) } });
  });

  it('say themselves that they failed, which is a result', async () => {
    const { status, body } = await callTool(
      gateway,
      'files',
      'read_text_file',
      { path: '/etc/passwd' },
      { key: ALL },
    );
    expect([status, body.result?.isError]).toEqual([200, true]);
  });

  it('are not there for who may not use them, in the list as in the call', async () => {
    const { data } = await listTools(gateway, { key: READER });
    const names = namesOf(data);
    expect(names).toContain('files/read_text_file');
    expect(names.filter((name) => !name.startsWith('files/') || name.includes('write_'))).toEqual([]);
    const call = (server: string, tool: string) => callTool(gateway, server, tool, {}, { key: READER });
    expect(await call('everything', 'echo')).toMatchObject({
      status: 403,
      code: 'mcp_server_not_allowed',
      message: 'The team "readers" may not use the MCP server "everything".',
    });
    expect(await call('files', 'write_file')).toMatchObject({ status: 403, code: 'mcp_tool_not_allowed' });
    expect(await call('memory', 'read_graph')).toMatchObject({ status: 403, code: 'mcp_tool_not_allowed' });
    const { status } = await gateway.fetch('/api/mcp/tools?server=everything', {
      headers: { authorization: `Bearer ${READER}` },
    });
    expect(status).toBe(403);
  });

  it('are not there for nobody', async () => {
    expect((await callTool(gateway, 'everything', 'echo', { message: 'x' })).code).toBe('key_required');
    const wrong = await callTool(
      gateway,
      'everything',
      'echo',
      { message: 'x' },
      { key: 'hg-wrong-0123456789' },
    );
    expect([wrong.status, wrong.code]).toEqual([401, 'key_unknown']);
  });

  it('refuse what does not fit their schema before anybody is asked', async () => {
    expect(await callTool(gateway, 'everything', 'get-sum', { a: 1, b: 'two' }, { key: ALL })).toMatchObject({
      status: 400,
      code: 'mcp_arguments_invalid',
      message: 'The arguments do not fit the schema of the tool "get-sum": arguments/b must be number.',
    });
    expect((await callTool(gateway, 'everything', 'get-env', {}, { key: ALL })).code).toBe(
      'mcp_tool_unknown',
    );
    expect((await callTool(gateway, 'nowhere', 'x', {}, { key: ALL })).code).toBe('mcp_server_unknown');
  });

  it('are in the ledger, each call with its cost', async () => {
    const usage = await gateway.fetch('/api/usage?group_by=model,provider,operation,key');
    const { rows } = (await usage.json()) as { rows: Record<string, unknown>[] };
    expect(rows.find(({ model }) => model === 'mcp:everything/echo')).toMatchObject({
      provider: 'mcp:everything',
      operation: 'tool',
      cost_usd: '0.002000000',
    });
  });
});

it.each([
  ['no JSON', '{"server":', 'invalid_json'],
  ['a list', '[]', 'invalid_json'],
  ['bytes that are no text', new Uint8Array([0xff, 0xfe]), 'invalid_json'],
  ['no tool', '{"server":"files"}', 'invalid_field'],
  ['a number for a server', '{"server":1,"tool":"x"}', 'invalid_field'],
  ['arguments that are a list', '{"server":"files","tool":"x","arguments":[]}', 'invalid_field'],
  ['a field that nobody knows', '{"server":"files","tool":"x","args":{}}', 'invalid_field'],
  ['a server called __proto__', '{"server":"__proto__","tool":"x"}', 'mcp_server_unknown'],
])('a call with %s is refused', async (_, body, code) => {
  const response = await gateway.fetch('/api/mcp/call', {
    method: 'POST',
    headers: { authorization: `Bearer ${ALL}` },
    body,
  });
  const { error } = (await response.json()) as { error: { code: string } };
  expect(error.code).toBe(code);
});
