import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Embedded, embed, json, until } from '../gateway/embedded.js';
import { newClient, oldClient, textOf } from './clients.js';
import { fake, fixture } from './servers.js';

const ALL = 'hg-all-endpoint-0123456789';
const SOME = 'hg-some-endpoint-0123456789';

let gateway: Embedded;
beforeAll(async () => {
  gateway = await embed({
    config: {
      observability: { log_level: 'error' },
      keys: [
        { name: 'all', value: ALL },
        { name: 'some', value: SOME, denied_mcp_servers: ['other'], denied_mcp_tools: ['fixture/slow'] },
      ],
      mcp: {
        servers: {
          fixture: { ...fixture(), tools: { test_simple_text: { price_usd: 0.25 } } },
          other: fake(),
        },
        virtual: {
          support: {
            description: 'For the people of support.',
            tools: [
              'fixture/test_simple_text as greet',
              { tool: 'other/echo', description: 'Says it again.' },
              'fixture/slow',
            ],
          },
        },
      },
    },
  });
});
afterAll(() => gateway.close());

const way = (path = '/mcp', key = ALL) => ({ fetch: gateway.fetch, key, path });

describe.each([
  ['the client of the first generation', () => oldClient(way())],
  ['the client of the second generation', () => newClient(way())],
  ['the newest revision, without sessions', () => newClient(way(), 'auto')],
])('%s', (name, connect) => {
  it('lists and calls tools of all servers by the names of both', async () => {
    const client = await connect();
    const { tools } = await client.listTools();
    const names = tools.map((tool) => tool.name);
    expect(names).toContain('fixture__test_simple_text');
    expect(names).toContain('other__echo');
    const result = await client.callTool({ name: 'fixture__test_simple_text', arguments: {} });
    expect(textOf(result)).toBe('This is a simple text response for testing.');
    expect(textOf(await client.callTool({ name: 'other__echo', arguments: { say: 'hello' } }))).toContain(
      'hello',
    );
    await client.close();
  });

  it('reads prompts, resources, templates and completions of the servers that have them', async () => {
    const client = await connect();
    const { prompts } = await client.listPrompts();
    expect(prompts.map((one) => one.name)).toContain('fixture__test_prompt_with_arguments');
    const prompt = await client.getPrompt({
      name: 'fixture__test_prompt_with_arguments',
      arguments: { arg1: 'a', arg2: 'b' },
    });
    expect(JSON.stringify(prompt)).toContain("arg1='a', arg2='b'");
    const { resources } = await client.listResources();
    expect(resources.map(({ uri }) => uri)).toContain('test://static-text');
    expect(JSON.stringify(await client.readResource({ uri: 'test://template/7/data' }))).toContain(
      'Data for 7',
    );
    const { resourceTemplates } = await client.listResourceTemplates();
    expect(resourceTemplates[0]?.uriTemplate).toBe('test://template/{id}/data');
    const { completion } = await client.complete({
      ref: { type: 'ref/prompt', name: 'fixture__test_prompt_with_arguments' },
      argument: { name: 'arg1', value: 'p' },
    });
    expect(completion.values).toEqual(['px', 'py']);
    await client.close();
  });

  it('tells progress, and the server when a call is cancelled', async () => {
    const client = await connect();
    const steps: number[] = [];
    const call = { name: 'fixture__test_tool_with_progress', arguments: {} };
    const onprogress = ({ progress }: { progress: number }): void => void steps.push(progress);
    const result = name.startsWith('the client of the first')
      ? await (client as Awaited<ReturnType<typeof oldClient>>).callTool(call, undefined, { onprogress })
      : await (client as Awaited<ReturnType<typeof newClient>>).callTool(call, { onprogress });
    expect(textOf(result)).toBe('done');
    expect(steps).toEqual([0, 50, 100]);

    const aborted = new AbortController();
    const slow = { name: 'fixture__slow', arguments: {} };
    const { signal } = aborted;
    const pending = name.startsWith('the client of the first')
      ? (client as Awaited<ReturnType<typeof oldClient>>).callTool(slow, undefined, { signal })
      : (client as Awaited<ReturnType<typeof newClient>>).callTool(slow, { signal });
    pending.catch(() => {});
    const running = async (): Promise<number> =>
      (
        JSON.parse(textOf(await client.callTool({ name: 'fixture__state', arguments: {} }))) as {
          running: number;
        }
      ).running;
    await until('the call is with the server', async () => (await running()) === 1);
    aborted.abort();
    await expect(pending).rejects.toThrow();
    await until('the server has stopped', async () => (await running()) === 0);
    await client.close();
  });

  it('sees what servers say of tools beside their descriptions, and what it says beside a call reaches them', async () => {
    const client = await connect();
    const { tools } = await client.listTools();
    expect(tools.find((tool) => tool.name === 'fixture__meta')).toMatchObject({
      title: 'What you said beside it',
      annotations: { readOnlyHint: true },
      icons: [{ src: 'https://icons.example.com/meta.png', mimeType: 'image/png', sizes: ['48x48'] }],
      _meta: { 'example.com/colour': 'blue' },
    });
    const result = await client.callTool({
      name: 'fixture__meta',
      arguments: {},
      _meta: { 'example.com/trace': 'abc', progressToken: 7 },
    });
    expect(JSON.parse(textOf(result))).toMatchObject({ 'example.com/trace': 'abc' });
    await client.close();
  });

  it('is told what a call that may not be is refused for', async () => {
    const client = await connect();
    await expect(client.callTool({ name: 'fixture__nothing', arguments: {} })).rejects.toThrow(
      /no tool "nothing"/,
    );
    await expect(client.callTool({ name: 'nobody__knows', arguments: {} })).rejects.toThrow(
      /no tool "nobody__knows"/,
    );
    const wrong = await client.callTool({ name: 'fixture__touch', arguments: { uri: 7 } });
    expect([wrong.isError, textOf(wrong)]).toEqual([true, expect.stringContaining('do not fit the schema')]);
    await client.close();
  });
});

describe('a server by its own path', () => {
  it('has its own names', async () => {
    const client = await newClient(way('/mcp/fixture'));
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toContain('test_simple_text');
    expect(tools.map(({ name }) => name)).not.toContain('echo');
    const { prompts } = await client.listPrompts();
    expect(prompts.map(({ name }) => name)).toContain('test_simple_prompt');
    await client.close();
  });

  it('that is made of tools of others has their new names and words, and nothing else', async () => {
    const client = await newClient(way('/mcp/support'));
    expect(client.getInstructions()).toBe('For the people of support.');
    const { tools } = await client.listTools();
    expect(tools.map(({ name, description }) => [name, description])).toEqual([
      ['greet', 'The tool test_simple_text'],
      ['echo', 'Says it again.'],
      ['slow', 'The tool slow'],
    ]);
    expect(textOf(await client.callTool({ name: 'greet', arguments: {} }))).toContain('simple text');
    await expect(client.callTool({ name: 'test_simple_text', arguments: {} })).rejects.toThrow(/no tool/);
    expect((await client.listPrompts()).prompts).toEqual([]);
    await client.close();
  });

  it('that does not exist, or is not allowed, is refused', async () => {
    const at = (path: string, key: string) =>
      gateway.fetch(
        path,
        json({ jsonrpc: '2.0', id: 1, method: 'ping' }, { headers: { authorization: `Bearer ${key}` } }),
      );
    const unknown = await at('/mcp/nobody', ALL);
    expect([unknown.status, ((await unknown.json()) as { error: object }).error]).toEqual([
      404,
      expect.objectContaining({
        code: -32000,
        data: expect.objectContaining({ code: 'mcp_server_unknown' }),
      }),
    ]);
    expect((await at('/mcp/other', SOME)).status).toBe(403);
  });
});

describe('who asks', () => {
  it('sees and calls what the key may', async () => {
    const client = await newClient(way('/mcp', SOME));
    const names = (await client.listTools()).tools.map(({ name }) => name);
    expect(names).toContain('fixture__test_simple_text');
    expect(names.filter((name) => name.startsWith('other__') || name === 'fixture__slow')).toEqual([]);
    await expect(client.callTool({ name: 'fixture__slow', arguments: {} })).rejects.toThrow(
      /may not use the tool/,
    );
    await expect(client.callTool({ name: 'other__echo', arguments: {} })).rejects.toThrow(/no tool/);
    const support = await newClient(way('/mcp/support', SOME));
    expect((await support.listTools()).tools.map(({ name }) => name)).toEqual(['greet']);
    await Promise.all([client.close(), support.close()]);
  });

  it('must have a key, and is told where it is looked for', async () => {
    const response = await gateway.fetch('/mcp', json({ jsonrpc: '2.0', id: 1, method: 'ping' }));
    expect([response.status, response.headers.get('www-authenticate')]).toEqual([
      401,
      'Bearer realm="headgate"',
    ]);
  });

  it('cannot use the session of another key', async () => {
    const begin = { jsonrpc: '2.0', id: 1, method: 'initialize', params: initialize };
    const headers = { accept: 'application/json, text/event-stream', 'content-type': 'application/json' };
    const begun = await gateway.fetch(
      '/mcp',
      json(begin, { headers: { ...headers, authorization: `Bearer ${ALL}` } }),
    );
    await begun.text();
    const session = begun.headers.get('mcp-session-id') ?? '';
    const ping = (key: string) =>
      gateway.fetch(
        '/mcp',
        json(
          { jsonrpc: '2.0', id: 2, method: 'ping' },
          {
            headers: { ...headers, authorization: `Bearer ${key}`, 'mcp-session-id': session },
          },
        ),
      );
    expect((await ping(ALL)).status).toBe(200);
    expect((await ping(SOME)).status).toBe(404);
  });

  it('pays for calls, which are in the ledger', async () => {
    const client = await newClient(way('/mcp', SOME));
    await client.callTool({ name: 'fixture__test_simple_text', arguments: {} });
    await client.close();
    const sum = async (): Promise<string> => {
      const usage = await gateway.fetch('/api/usage?operation=tool&group_by=model,key');
      return JSON.stringify(await usage.json());
    };
    await until('the call is in the ledger', async () => /mcp:fixture\/test_simple_text/.test(await sum()));
  });
});

const initialize = {
  protocolVersion: '2025-11-25',
  capabilities: {},
  clientInfo: { name: 'test', version: '1' },
};
