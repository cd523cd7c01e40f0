import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { chatBody, messageBody, post } from '../http-client.js';
import { startTwoProviders } from '../two-providers.js';

const KEY = 'hg-test-key-of-the-cost-test';
const folder = mkdtempSync(join(tmpdir(), 'headgate-cost-'));
const preload = new URL('./count.mjs', import.meta.url).href;

/** A gateway whose main thread is its one I/O thread, and counts. */
async function startCounted(name: string, key: object) {
  const countsFile = join(folder, name);
  const setup = await startTwoProviders(
    {
      server: { threads: 1 },
      auth: { required: true },
      keys: [{ name: 'app', value: KEY, ...key }],
      models: {
        plain: { targets: ['openai/gpt-4o'] },
        claude: { targets: ['anthropic/claude-sonnet-4-5'] },
      },
    },
    { env: { NODE_OPTIONS: `--import=${preload}`, HEADGATE_TEST_COUNTS: countsFile } },
  );
  return { ...setup, countsFile };
}

const plain = await startCounted('plain.json', {});
const limited = await startCounted('limited.json', { limits: { rpm: 100_000 } });
// What a start leaves for its first second is not what a request costs either.
await sleep(1_500);

afterAll(async () => {
  await plain.close();
  await limited.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Counts {
  parses: number;
  promises: number;
  views: number;
}

async function counts({ gateway, countsFile }: typeof plain): Promise<Counts> {
  rmSync(countsFile, { force: true });
  process.kill(gateway.pid, 'SIGUSR2');
  for (let tries = 0; tries < 200; tries++) {
    await sleep(20);
    try {
      return JSON.parse(readFileSync(countsFile, 'utf8')) as Counts;
    } catch {
      // Not written yet.
    }
  }
  throw new Error(`the gateway counts nothing\n${gateway.logs()}`);
}

const REQUESTS = 40;

async function perRequest(path: string, body: object, setup = plain): Promise<Counts> {
  const headers = { authorization: `Bearer ${KEY}` };
  const ask = async (): Promise<void> => {
    expect((await post(setup.gateway, path, body, headers)).status).toBe(200);
  };
  // What happens once (a connection, a first look at a price) is not what a request costs.
  for (let i = 0; i < 5; i++) await ask();
  const before = await counts(setup);
  for (let i = 0; i < REQUESTS; i++) await ask();
  const after = await counts(setup);
  return {
    parses: (after.parses - before.parses) / REQUESTS,
    promises: (after.promises - before.promises) / REQUESTS,
    views: (after.views - before.views) / REQUESTS,
  };
}

describe('with no plugin and one format on both sides', () => {
  // Everything that is not listed as parsed is found in the bytes.
  it.each([
    ['a whole OpenAI answer', 'its usage', 1, '/v1/chat/completions', chatBody('plain')],
    ['a whole Anthropic answer', 'its usage', 1, '/v1/messages', messageBody('claude')],
    [
      'an OpenAI stream with usage',
      'its usage and whether the client asked for it',
      2,
      '/v1/chat/completions',
      chatBody('plain', { stream: true, stream_options: { include_usage: true } }),
    ],
    [
      'an OpenAI stream without usage',
      'its usage and the event that is held back',
      2,
      '/v1/chat/completions',
      chatBody('plain', { stream: true }),
    ],
    [
      'an Anthropic stream',
      'the usage of its first and its last event',
      2,
      '/v1/messages',
      messageBody('claude', { stream: true }),
    ],
  ])('%s costs a parse of %s, no promise and no hook view', async (_what, _parsed, parses, path, body) => {
    expect(await perRequest(path, body)).toEqual({ parses, promises: 0, views: 0 });
  });
});

describe('what is counted', () => {
  it('is there: a translated request is parsed, and so is its answer', async () => {
    const { parses } = await perRequest('/v1/chat/completions', chatBody('claude'));
    expect(parses).toBe(2);
  });

  it('is there: a limited request is shown to the limiter, in one view for all its hooks', async () => {
    const { views } = await perRequest('/v1/chat/completions', chatBody('plain'), limited);
    expect(views).toBe(1);
  });
});
