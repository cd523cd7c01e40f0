import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Anthropic from '@anthropic-ai/sdk';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type Embedded, embed } from '../gateway/embedded.js';
import { memory, reference } from './servers.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const example = parse(readFileSync(join(root, 'examples', 'agent.yaml'), 'utf8')) as {
  mcp: { servers: Record<string, { command: string; args: string[] }> };
  models: object;
};
const programs = parse(readFileSync(join(root, 'examples', 'programs.yaml'), 'utf8')) as typeof example & {
  mcp: { code: object; virtual: object };
  models: object;
};
const asked = JSON.parse(/-d '(\{\n {2}"model": "agent"[^']*)'/.exec(readme)?.[1] ?? 'null') as {
  messages: [{ content: string }];
};

let folder: string;
let gateway: Embedded;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'headgate-agent-'));
  // The installed packages themselves, in place of npx, which would look for them first.
  const servers = Object.fromEntries(
    Object.entries(example.mcp.servers).map(([id, { args }]) => {
      const [, name = '', ...rest] = args;
      const own = id === 'memory' ? { env: memory(join(folder, 'memory.json')).env } : {};
      const program = reference(name.slice('@modelcontextprotocol/'.length));
      return [
        id,
        { command: process.execPath, args: [program, ...rest], cwd: join(root, 'examples'), ...own },
      ];
    }),
  );
  gateway = await embed({
    config: {
      models: { ...example.models, ...programs.models },
      mcp: { ...programs.mcp, servers },
      observability: { log_level: 'error' },
    } as NonNullable<Parameters<typeof embed>[0]>['config'],
  });
});
afterAll(async () => {
  await gateway.close();
  rmSync(folder, { recursive: true, force: true });
});

it('the README has the example', () => {
  const blocks = [...readme.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, text = '']) => parse(text));
  expect(blocks).toContainEqual(example);
});

it('its agent uses three servers, and answers once', async () => {
  const response = await gateway.fetch('/v1/chat/completions', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(asked),
  });
  const answer = (await response.json()) as {
    choices: { message: { content: string; tool_calls?: unknown }; finish_reason: string }[];
  };
  expect(response.status).toBe(200);
  const { message, finish_reason: finish } = answer.choices[0] ?? { message: { content: '' } };
  expect(message.content).toContain('The tools say: ');
  expect(message.content).toContain('"entityType": "example"');
  expect(message.content).toContain('The sum of 2 and 3 is 5');
  expect(message.tool_calls).toBeUndefined();
  expect(finish).toBe('stop');
  expect(response.headers.get('x-headgate-mcp-rounds')).toBe('3');
  expect(response.headers.get('x-headgate-mcp-calls')).toBe('3');
});

it('the same for a client of Anthropic’s API, streamed', async () => {
  const client = new Anthropic({
    apiKey: 'none',
    baseURL: 'http://gateway',
    fetch: gateway.fetch,
    maxRetries: 0,
  });
  const content = `call files__read_text_file {"path": "agent.yaml", "head": 1}\n---\nIt begins: {result}`;
  const stream = client.messages.stream({
    model: 'agent',
    max_tokens: 500,
    messages: [{ role: 'user', content }],
  });
  expect(await stream.finalText()).toBe(
    'It begins: # A model that may use the tools of three servers, which the gateway calls for it. The mock plays the model.',
  );
});

it('the example of programs has the same servers, and its model writes one', async () => {
  expect(programs.mcp.servers).toEqual(example.mcp.servers);
  const code =
    'const { content } = await files.read_text_file({ path: "agent.yaml" }); ' +
    'const sum = await everything.get_sum({ a: 2, b: 3 }); return { lines: content.trim().split("\\n").length, sum };';
  const content = `call run_program ${JSON.stringify({ code })}\n---\nIt gave: {result}`;
  const response = await gateway.fetch('/v1/chat/completions', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'analyst', messages: [{ role: 'user', content }] }),
  });
  const answer = (await response.json()) as { choices: { message: { content: string } }[] };
  const lines = readFileSync(join(root, 'examples', 'agent.yaml'), 'utf8')
    .trim()
    .split('\n').length;
  expect(answer.choices[0]?.message.content).toBe(
    `It gave: {"lines":${lines},"sum":"The sum of 2 and 3 is 5."}`,
  );
});
