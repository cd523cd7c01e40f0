/**
 * `npm run bench:tokens`: how many tokens the requests of a run with three servers of tools (everything, filesystem, memory) have, told of all
 * tools, of those that a search brings, and with programs. A script plays the model, so that each way does the same work: it reads twenty notes
 * and writes down whose refund is late. Counted are tools and messages of every request, as JSON, with the tokens of GPT-4o (o200k).
 *
 *   --notes N          instead of 20
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';
import { createGateway } from '../bin/library.js';
import { EVERYTHING } from './everything-server.js';

const { values } = parseArgs({ options: { notes: { type: 'string', default: '20' } } });

type Tools = readonly { readonly function: { readonly name: string } }[];
interface Asked {
  readonly tools: Tools;
  readonly messages: readonly object[];
}
type Calls = Record<string, object>;
/** What the model does next: calls, or its answer. */
type Step = (asked: Asked) => Calls | string;

const reference = (name: string): string =>
  join(import.meta.dirname, `../../node_modules/@modelcontextprotocol/server-${name}/dist/index.js`);

/** Notes as people write them: long, and what is wanted of them is little. */
function writeNotes(folder: string, count: number): string[] {
  mkdirSync(folder, { recursive: true });
  return Array.from({ length: count }, (_, i) => {
    const file = join(folder, `note-${i}.txt`);
    const talk =
      'The customer called about the parcel, which was left with a neighbour, and we talked about the weather. '.repeat(
        20,
      );
    writeFileSync(
      file,
      `Customer ${1000 + i}\n${talk}\n${i % 5 === 0 ? 'The refund is late.' : 'All is well.'}\n`,
    );
    return file;
  });
}

function scriptsFor(files: readonly string[], folder: string): Record<'all' | 'search' | 'code', Step[]> {
  const late = files.flatMap((_, i) =>
    i % 5 === 0
      ? [{ name: `Customer ${1000 + i}`, entityType: 'customer', observations: ['The refund is late.'] }]
      : [],
  );
  const answer = `The refunds of ${late.length} customers are late.`;
  const byCalls: Step[] = [
    () => ({ files__list_directory: { path: folder } }),
    () => ({ files__read_multiple_files: { paths: files } }),
    () => ({ memory__create_entities: { entities: late } }),
    () => answer,
  ];
  let isWritten = false;
  /** With the tool that it takes, which must perhaps be searched for first. */
  const writeDown: Step = ({ tools }) => {
    if (isWritten) return answer;
    isWritten = tools.some((tool) => tool.function.name === 'memory__create_entities');
    const calls: Calls = isWritten
      ? { memory__create_entities: { entities: late } }
      : { search_tools: { query: 'create entities in the memory graph' } };
    return calls;
  };
  const program = `
const { content } = await files.list_directory({ path: ${JSON.stringify(folder)} });
const names = content.split('\\n').filter((line) => line.startsWith('[FILE] ')).map((line) => line.slice(7));
const notes = await Promise.all(names.map((name) => files.read_text_file({ path: ${JSON.stringify(folder)} + '/' + name })));
const late = notes.map(({ content }) => content).filter((text) => text.includes('The refund is late.'));
const entities = late.map((text) => ({ name: text.split('\\n')[0], entityType: 'customer', observations: ['The refund is late.'] }));
await memory.create_entities({ entities });
return entities.length;`;
  const names = ['files.list_directory', 'files.read_text_file', 'memory.create_entities'];
  return {
    all: byCalls,
    search: [...byCalls.slice(0, 2), writeDown, writeDown, writeDown],
    code: [() => ({ describe_tools: { names } }), () => ({ run_program: { code: program } }), () => answer],
  };
}

/** A model that does what a script says, and keeps what it was asked. */
async function startModel() {
  const asked: Asked[] = [];
  let script: readonly Step[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const one = JSON.parse(body) as Asked;
      asked.push(one);
      const said = script[asked.length - 1]?.(one) ?? 'No more.';
      const message =
        typeof said === 'string'
          ? { role: 'assistant', content: said }
          : {
              role: 'assistant',
              content: null,
              tool_calls: Object.entries(said).map(([name, args], i) => ({
                id: `call_${asked.length}_${i}`,
                type: 'function',
                function: { name, arguments: JSON.stringify(args) },
              })),
            };
      const reason = typeof said === 'string' ? 'stop' : 'tool_calls';
      const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
      response.setHeader('content-type', 'application/json');
      response.end(
        JSON.stringify({
          id: 'chatcmpl-1',
          object: 'chat.completion',
          created: 1,
          model: 'gpt-4o',
          choices: [{ index: 0, message, finish_reason: reason }],
          usage,
        }),
      );
    });
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return {
    asked,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    play(next: readonly Step[]) {
      asked.length = 0;
      script = next;
    },
    close: () => server.close(),
  };
}

const tokensOf = (value: unknown): number => countTokens(JSON.stringify(value));

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-bench-tokens-'));
  const notes = join(folder, 'notes');
  const files = writeNotes(notes, Number(values.notes));
  const model = await startModel();
  const gateway = await createGateway({
    dataDir: join(folder, 'data'),
    env: {},
    config: {
      observability: { log_level: 'error' },
      providers: { openai: { base_url: model.url, keys: [{ value: 'sk-bench-0123456789' }] } },
      mcp: {
        servers: {
          everything: EVERYTHING,
          files: { command: process.execPath, args: [reference('filesystem'), notes] },
          memory: {
            command: process.execPath,
            args: [reference('memory')],
            env: { MEMORY_FILE_PATH: join(folder, 'memory.json') },
          },
        },
      },
    },
  } as Parameters<typeof createGateway>[0]);
  try {
    const content = `Read the notes in ${notes} and put down in memory whose refund is late.`;
    const scripts = scriptsFor(files, notes);
    let whole = 0;
    for (const select of ['all', 'search', 'code'] as const) {
      model.play(scripts[select]);
      rmSync(join(folder, 'memory.json'), { force: true });
      const response = await gateway.fetch('http://gateway/v1/chat/completions', {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'x-headgate-mcp': 'everything, files, memory',
          'x-headgate-mcp-mode': 'agent',
          'x-headgate-mcp-select': select,
        },
        body: JSON.stringify({ model: 'openai/gpt-4o', messages: [{ role: 'user', content }] }),
      });
      const text = await response.text();
      const written = existsSync(join(folder, 'memory.json'));
      if (!written || response.status !== 200 || !text.includes('refunds of'))
        throw new Error(`${response.status}: ${text}`);
      const tools = model.asked.map((one) => tokensOf(one.tools));
      const messages = model.asked.map((one) => tokensOf(one.messages));
      const sum = [...tools, ...messages].reduce((a, b) => a + b, 0);
      if (select === 'all') whole = sum;
      const calls = response.headers.get('x-headgate-mcp-calls');
      console.log(
        `${select.padEnd(6)}  ${String(sum).padStart(6)} tokens in ${tools.length} requests (${calls} calls of tools); tools ${tools.join(', ')}; ` +
          `messages ${messages.join(', ')}; ${Math.round((1 - sum / whole) * 100)} % less than all`,
      );
    }
  } finally {
    await gateway.close();
    model.close();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

await main();
process.exit(0);
