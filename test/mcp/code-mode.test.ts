import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { embed, until } from '../gateway/embedded.js';
import { newClient, textOf } from './clients.js';
import { calling, KEY, POOR_KEY, READER_KEY, type Runs, saying, startRuns } from './run-setup.js';

let runs: Runs;
beforeAll(async () => {
  runs = await startRuns({
    code: { timeout: '30s', calls: 50, output: 2000 },
    virtual: { coder: { description: 'Write programs.', code: ['files', 'odd'] } },
  });
  for (let i = 0; i < 5; i++) writeFileSync(join(runs.folder, `page${i}.txt`), `${i} `.repeat(500));
}, 60_000);
afterEach(() => runs.reset());
afterAll(() => runs.close());

const CODE = { 'x-headgate-mcp': 'files, odd', 'x-headgate-mcp-select': 'code' };
const messages = [{ role: 'user' as const, content: 'How many pages are there?' }];

type Sent = {
  tools?: { function?: { name: string; description: string }; name?: string; description?: string }[];
  messages: { role: string; content: string }[];
  input: { type?: string; name?: string; output?: string }[];
};
const sentTo = async (n: number, fake: Runs['openai'] = runs.openai): Promise<Sent> => {
  const request = await fake.request(n);
  await request.complete;
  return request.json() as unknown as Sent;
};
/** What the model was told of the last calls before its nth request. */
const toldIn = async (n: number): Promise<string[]> =>
  (await sentTo(n)).messages.filter(({ role }) => role === 'tool').map(({ content }) => content);
const program = (code: string) => calling({ run_program: { code } });
const ask = (headers: Record<string, string> = CODE) =>
  runs.gpt.chat.completions.create({ model: 'gpt', messages }, { headers }).withResponse();

const PAGES = (): string => `
  const { content } = await files.list_directory({ path: ${JSON.stringify(runs.folder)} });
  const pages = content.split('\\n').filter((line) => line.includes('page')).map((line) => line.replace('[FILE] ', ''));
  const texts = await Promise.all(pages.map((page) => files.read_text_file({ path: ${JSON.stringify(runs.folder)} + '/' + page })));
  console.log('read', pages.length);
  return { pages: pages.length, words: texts.reduce((sum, { content }) => sum + content.trim().split(' ').length, 0) };`;

describe('a model that writes programs', () => {
  it('is told three tools, and of a program its result alone', async () => {
    runs.openai.next(
      calling({ search_tools: { query: 'read a text file' } }),
      calling({ describe_tools: { names: ['files.read_text_file', 'odd.echo', 'files.nothing'] } }),
      program(PAGES()),
      saying('Five.'),
    );
    const { data, response } = await ask();
    expect(data.choices[0]).toMatchObject({ finish_reason: 'stop', message: { content: 'Five.' } });
    expect(data.choices[0]?.message.tool_calls).toBeUndefined();
    const { tools = [] } = await sentTo(1);
    // What needs approval is a tool of its own: a program cannot wait for a person.
    expect(tools.map((tool) => tool.function?.name)).toEqual([
      'search_tools',
      'describe_tools',
      'run_program',
      'files__write_file',
      'odd__read',
    ]);
    expect(tools[0]?.function?.description).toContain('files: create_directory, directory_tree, ');
    const [found, declared, result] = await toldIn(4);
    expect(found).toContain('files.read_text_file(path, tail, head): Read the complete contents');
    expect(declared).toContain('): Promise<{\n  content: string;\n}>');
    expect(declared).toContain('odd.echo(args: {\n  say: string;\n}): Promise<string>');
    expect(declared).toContain('// There is no function "files.nothing".');
    expect(result).toBe('{"pages":5,"words":2500}\n\nIts console:\nread 5');
    const all = JSON.stringify(await sentTo(4));
    expect(all).not.toContain('0 0 0 0');
    expect(response.headers.get('x-headgate-mcp-calls')).toBe('6');
    expect(response.headers.get('x-headgate-mcp-rounds')).toBe('4');
    const calls = runs.records.filter(({ operation }) => operation === 'tool');
    const run = runs.records.find(({ operation }) => operation === 'run');
    expect(calls.map(({ id }) => id).toSorted()).toEqual(
      [1, 2, 3, 4, 5, 6].map((n) => `${run?.id}.3.1.${n}`),
    );
  });

  it('streams, at all three APIs, and clients of Responses see the programs', async () => {
    runs.openai.next(program('return 6 * 7'), saying('42.'));
    const stream = await runs.gpt.chat.completions.create(
      { model: 'gpt', messages, stream: true },
      { headers: CODE },
    );
    let text = '';
    for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? '';
    expect(text).toBe('42.');
    expect(await toldIn(2)).toEqual(['42']);

    runs.anthropic.next(program('return 6 * 7'), saying('42.'));
    const message = await runs.claude.messages
      .stream({ model: 'claude', max_tokens: 100, messages }, { headers: CODE })
      .finalText();
    expect(message).toBe('42.');

    runs.openai.next(program('return 6 * 7'), saying('42.'));
    const events: string[] = [];
    const response = runs.gpt.responses.stream({ model: 'gpt', input: 'What?' }, { headers: CODE });
    for await (const event of response) events.push(event.type);
    expect(events).toContain('response.mcp_call.completed');
    const { output } = await response.finalResponse();
    expect(output.find(({ type }) => type === 'mcp_call')).toMatchObject({
      server_label: 'headgate',
      name: 'run_program',
      arguments: '{"code":"return 6 * 7"}',
      output: '42',
    });
  });

  it('comes from a model of the configuration or the header, and cannot have its calls returned', async () => {
    const refused = ask({ ...CODE, 'x-headgate-mcp-mode': 'return' });
    await expect(refused).rejects.toMatchObject({ status: 400, code: 'invalid_header' });
  });
});

describe('what a program may do', () => {
  it('is what its caller may: rules, schemas, prices', async () => {
    const tried = (call: string): string =>
      `try { await ${call}; return 'done' } catch (error) { return error.message }`;
    runs.openai.next(
      program(tried('odd.echo({ say: 7 })')),
      program(tried('odd.echo("text")')),
      program(tried('odd.fail()')),
      saying('So.'),
    );
    await ask();
    const [schema, text, failed] = await toldIn(4);
    expect(schema).toMatch(/^mcp_arguments_invalid: .*arguments\/say must be string/);
    expect(text).toContain('with one object');
    expect(failed).toContain('fail');
    const only = { ...CODE, 'x-headgate-mcp': 'files/read_text_file', authorization: `Bearer ${READER_KEY}` };
    runs.reset();
    runs.openai.next(program('return [typeof odd, Object.keys(files)]'), saying('So.'));
    await ask(only);
    expect(await toldIn(2)).toEqual(['["undefined",["read_text_file"]]']);
  });

  it('is paid for, and bounded by the budget of the key', async () => {
    const code = "for (let i = 0; i < 3; i++) await odd.echo({ say: 'a' }).catch(() => {})";
    runs.openai.next(program(code), saying('So.'));
    // The key has money for one call of 0.25 and one question; nothing is left then for another question.
    const headers = { ...CODE, authorization: `Bearer ${POOR_KEY}` };
    const asked = runs.gpt.chat.completions.create({ model: 'gpt', messages, max_tokens: 5 }, { headers });
    await expect(asked).rejects.toMatchObject({ status: 402 });
    const calls = runs.records.filter(({ operation }) => operation === 'tool');
    expect(calls.map(({ status, costNano }) => [status, costNano])).toEqual([
      [200, 250_000_000],
      [402, null],
      [402, null],
    ]);
  });

  it('is not to reach anything else', async () => {
    const code =
      'const seen = ["process", "require", "fetch", "setTimeout"].map((name) => typeof globalThis[name]); ' +
      'try { await import("node:fs") } catch (error) { seen.push(error.name) } return seen';
    runs.openai.next(program(code), saying('So.'));
    await ask();
    expect(await toldIn(2)).toEqual([
      expect.stringMatching(/^\["undefined","undefined","undefined","undefined","\w*Error"\]$/),
    ]);
  });

  it('is told what is wrong, and goes on', async () => {
    runs.openai.next(
      calling({ run_program: { code: '' } }),
      calling({ run_program: 'no json' }),
      program('return nothing.here'),
      program('return "x".repeat(5000)'),
      saying('never'),
    );
    // Four rounds are the limit of this gateway.
    const { response } = await ask();
    expect(response.headers.get('x-headgate-mcp-ended')).toBe('rounds');
    expect(await toldIn(4)).toEqual([
      'The argument "code" must be a program.',
      expect.stringContaining('not JSON'),
      "ReferenceError: 'nothing' is not defined (line 1)",
    ]);
  });

  it('has limits: calls, output', async () => {
    runs.openai.next(
      program(
        'const all = await Promise.allSettled(Array.from({ length: 60 }, () => files.list_allowed_directories())); return all.filter(({ status }) => status === "fulfilled").length',
      ),
      program('return "x".repeat(5000)'),
      saying('So.'),
    );
    await ask();
    const [calls, output] = await toldIn(3);
    expect(calls).toBe('50');
    expect(output).toBe(`${'x'.repeat(2000)}\n[3000 more characters of 5000 are cut off.]`);
  });

  it('ends when the client leaves, and its calls are cancelled', async () => {
    const log = (): string =>
      existsSync(join(runs.folder, 'log')) ? readFileSync(join(runs.folder, 'log'), 'utf8') : '';
    const before = log().split('cancelled').length;
    runs.openai.next(
      program('await Promise.all([odd.sleep({ ms: 60000 }), odd.sleep({ ms: 60000 })])'),
      saying('never'),
    );
    const leaving = new AbortController();
    const asked = runs.gpt.chat.completions.create(
      { model: 'gpt', messages },
      { headers: CODE, signal: leaving.signal },
    );
    await until('both calls are made', () => log().split('call sleep').length > 2);
    leaving.abort();
    await expect(asked).rejects.toThrow();
    await until('both are cancelled', () => log().split('cancelled').length >= before + 2);
    expect(runs.openai.received).toHaveLength(1);
  });
});

describe('at /mcp', () => {
  const coder = (key = KEY) => newClient({ fetch: runs.gateway.fetch, key, path: '/mcp/coder' });

  it('a virtual server has three tools in the place of all, and programs that call the others', async () => {
    const client = await coder();
    expect(client.getInstructions()).toBe('Write programs.');
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual([
      'search_tools',
      'describe_tools',
      'run_program',
      'files__write_file',
      'odd__read',
    ]);
    const asked = async (name: string, args: object) => client.callTool({ name, arguments: args as never });
    expect(textOf(await asked('search_tools', { query: 'read a text file', limit: 2 }))).toContain(
      'files.read_text_file(path',
    );
    expect(textOf(await asked('describe_tools', { names: ['odd.echo'] }))).toContain('odd.echo(args: {');
    expect(textOf(await asked('run_program', { code: PAGES() }))).toContain('{"pages":5,"words":2500}');
    expect(textOf(await asked('odd__read', {}))).toContain('read');
    const failed = await asked('run_program', { code: 'await odd.echo({})' });
    expect(failed).toMatchObject({ isError: true });
    expect(textOf(failed)).toContain('mcp_arguments_invalid');
    expect(await asked('describe_tools', {})).toMatchObject({ isError: true });
    await client.close();
    const calls = runs.records.filter(
      ({ operation, model }) => operation === 'tool' && model === 'mcp:files/read_text_file',
    );
    expect(calls).toHaveLength(5);
  });

  it('has the tools that the key may use', async () => {
    const client = await coder(READER_KEY);
    const { tools } = await client.listTools();
    expect(tools[0]?.description).not.toContain('odd');
    const result = await client.callTool({
      name: 'run_program',
      arguments: { code: 'return [typeof odd, typeof files]' },
    });
    expect(textOf(result)).toBe('["undefined","object"]');
    await client.close();
  });

  it('ends a program whose call is cancelled', async () => {
    const client = await coder();
    const log = (): string => readFileSync(join(runs.folder, 'log'), 'utf8');
    const count = (word: string): number => log().split(word).length - 1;
    const [sleeps, cancels] = [count('call sleep'), count('cancelled')];
    const leaving = new AbortController();
    const asked = client.callTool(
      { name: 'run_program', arguments: { code: 'await odd.sleep({ ms: 60000 })' } },
      { signal: leaving.signal },
    );
    asked.catch(() => {});
    await until('the call is made', () => count('call sleep') > sleeps);
    leaving.abort();
    await until('it is cancelled', () => count('cancelled') > cancels);
    await expect(asked).rejects.toThrow();
    await client.close();
  });
});

it.each([
  [{ code: ['nowhere'] }, 'there is no server "nowhere"'],
  [{ code: ['files'], tools: ['files/read_file'] }, 'either "tools" or "code"'],
  [{}, 'either "tools" or "code"'],
])('a virtual server with %j is refused', async (virtual, why) => {
  const config = { mcp: { servers: { files: { command: 'x' } }, virtual: { one: virtual } } };
  await expect(embed({ config: config as never })).rejects.toThrow(why);
});
