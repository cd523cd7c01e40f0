import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Anthropic from '@anthropic-ai/sdk';
import { definePlugin, type SettledRecord } from '@headgate/sdk';
import OpenAI from 'openai';
import { startAnthropic } from '../fakes/anthropic.js';
import { startOpenAi } from '../fakes/openai.js';
import type { Behaviour, FakeProvider } from '../fakes/provider.js';
import { type Embedded, embed } from '../gateway/embedded.js';
import { fake, filesystem, memory } from './servers.js';

export const KEY = 'hg-run-key-0123456789';
export const OTHER_KEY = 'hg-run-other-0123456789';
export const READER_KEY = 'hg-run-reader-0123456789';

export const POOR_KEY = 'hg-run-poor-0123456789';

/** A gateway before two providers whose models say what a test tells them, and three servers of tools. */
export interface Runs {
  readonly gateway: Embedded;
  readonly openai: FakeProvider;
  readonly anthropic: FakeProvider;
  readonly folder: string;
  /** What was settled, in order. */
  readonly records: SettledRecord[];
  readonly gpt: OpenAI;
  readonly other: OpenAI;
  readonly claude: Anthropic;
  reset(): void;
  close(): Promise<void>;
}

/** @param odd environment of the server `odd` @param more of the configuration */
export async function startRuns(mcp: object = {}, odd: object = {}, more: object = {}): Promise<Runs> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'headgate-runs-')));
  writeFileSync(join(folder, 'note.txt'), 'Refunds take five days.');
  const [openai, anthropic] = await Promise.all([
    startOpenAi({ strict: true }),
    startAnthropic({ strict: true }),
  ]);
  const records: SettledRecord[] = [];
  const watcher = definePlugin({
    name: 'watcher',
    version: '1.0.0',
    setup: () => ({ settled: (record) => void records.push(record) }),
  });
  const retries = { attempts: 1 };
  const gateway = await embed({
    plugins: [watcher],
    config: {
      observability: { log_level: 'error' },
      providers: {
        openai: { base_url: `${openai.url}/v1`, keys: [{ value: 'sk-fake-openai-0123456789' }] },
        anthropic: { base_url: anthropic.url, keys: [{ value: 'sk-ant-fake-0123456789' }] },
      },
      models: {
        gpt: { targets: ['openai/gpt-4o'], retries },
        claude: { targets: ['anthropic/claude-sonnet-4-5'], retries },
        'gpt-agent': {
          targets: ['openai/gpt-4o'],
          retries,
          mcp: { servers: ['files', 'odd'], tools: ['files/read_*', 'odd/*'], mode: 'agent' },
        },
        'claude-agent': {
          targets: ['anthropic/claude-sonnet-4-5'],
          retries,
          mcp: { servers: ['files', 'odd'], tools: ['files/read_*', 'odd/*'], mode: 'agent' },
        },
      },
      keys: [
        { name: 'all', value: KEY },
        { name: 'other', value: OTHER_KEY },
        { name: 'poor', value: POOR_KEY, budget: { usd: 0.2502 } },
        { name: 'reader', value: READER_KEY, mcp_servers: ['files'], mcp: { servers: ['files', 'odd'] } },
      ],
      mcp: {
        servers: {
          files: { ...filesystem(folder), tools: { write_file: { approval: 'required' } } },
          odd: {
            ...fake(),
            env: { FAKE_LOG: join(folder, 'log'), ...odd },
            tools: { echo: { price_usd: 0.25 }, read: { approval: 'required' } },
          },
          notes: memory(join(folder, 'memory.json')),
        },
        runs: { rounds: 4, result_limit: 2000 },
        ...mcp,
      },
      ...more,
    } as NonNullable<Parameters<typeof embed>[0]>['config'],
  });
  const openaiOf = (apiKey: string): OpenAI =>
    new OpenAI({
      apiKey,
      baseURL: 'http://gateway/v1',
      fetch: gateway.fetch,
      maxRetries: 0,
      timeout: 20_000,
    });
  return {
    gateway,
    openai,
    anthropic,
    folder,
    records,
    gpt: openaiOf(KEY),
    other: openaiOf(OTHER_KEY),
    claude: new Anthropic({
      apiKey: KEY,
      baseURL: 'http://gateway',
      fetch: gateway.fetch,
      maxRetries: 0,
      timeout: 20_000,
    }),
    reset() {
      openai.reset();
      anthropic.reset();
      records.length = 0;
    },
    async close() {
      await gateway.close();
      await openai.close();
      await anthropic.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A model that calls these tools: `{ odd__echo: { say: 'hi' } }`. */
export const calling = (calls: Record<string, unknown>, text?: string): Behaviour => ({
  answer: {
    ...(text !== undefined && { text }),
    toolCalls: Object.entries(calls).map(([name, args], i) => ({
      id: `call_${name.slice(0, 20)}_${i}`,
      name,
      arguments: typeof args === 'string' ? args : JSON.stringify(args),
    })),
  },
});

export const saying = (text: string): Behaviour => ({ answer: { text } });
