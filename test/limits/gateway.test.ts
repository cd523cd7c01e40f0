import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { type Headgate, startHeadgate, stopCleanly } from '../e2e/harness.js';
import { type Answered, chatBody, messageBody, post } from '../e2e/http-client.js';
import { settledById } from '../e2e/settled.js';
import { startTwoProviders } from '../e2e/two-providers.js';
import { startOpenAi } from '../fakes/openai.js';

const named = (name: string, more: object): { name: string; value: string } & Record<string, unknown> => ({
  name,
  value: `hg-${name}-key-0123456789`,
  ...more,
});
const KEYS = [
  // Of a day, since a thousand requests may take longer than a minute on a starved machine.
  named('hundred', { limits: { windows: [{ requests: 100, per: 'day' }] } }),
  named('both', { limits: { rpm: 3, tpm: 1_000 } }),
  named('slow', { limits: { rpm: 1 } }),
  named('cent', { budget: { usd: 0.01, per: 'year' } }),
  named('poor', { budget: { usd: 0.0001, per: 'month' } }),
  named('aborts', { budget: { usd: 0.01, per: 'year' } }),
  named('free', {}),
];
const bearer = (name: string): Record<string, string> => ({
  authorization: `Bearer hg-${name}-key-0123456789`,
});
const setup = await startTwoProviders({ server: { threads: 2 }, keys: KEYS });
const { openai, gateway } = setup;

beforeEach(() => setup.reset());
afterAll(() => setup.close());

/** So many seconds of the running minute are left: what is tested must not begin in one minute and end in the next. */
async function roomInMinute(seconds: number): Promise<void> {
  const left = 60_000 - (Date.now() % 60_000);
  if (left < seconds * 1_000) await sleep(left + 50);
}

const chat = (key: string, more: object = {}): Promise<Answered> =>
  post(gateway, '/v1/chat/completions', chatBody('openai/gpt-4o', more), bearer(key));
const code = (answer: Answered): unknown => (answer.json()['error'] as Record<string, unknown>)['code'];
const costOf = (answer: Answered): number =>
  Math.round(Number(answer.headers.get('x-headgate-cost-usd')) * 1e9);

describe('limits of requests, over two threads', () => {
  it('let exactly 100 of 1,000 concurrent requests through', async () => {
    // A thousand connections that stay open are closed one by one later, perhaps when the next test has just taken one.
    const headers = { ...bearer('hundred'), connection: 'close' };
    const send = (): Promise<Answered> =>
      post(gateway, '/v1/chat/completions', chatBody('mock/hello'), headers);
    const answers = await Promise.all(Array.from({ length: 1_000 }, send));
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(100);
    expect(statuses.filter((status) => status === 429)).toHaveLength(900);
    // The ends of the ids are the threads': both had a part in it.
    const threads = new Set(answers.map(({ headers }) => headers.get('x-headgate-request-id')?.slice(-10)));
    expect(threads.size).toBe(2);
    const left = answers.map(({ headers }) => Number(headers.get('x-ratelimit-remaining-requests')));
    expect([...new Set(left)].sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i));
  }, 120_000);

  it('are told in the headers with what is left, and not what is left of our account at the provider', async () => {
    await roomInMinute(10);
    openai.always({ answer: { text: 'x', usage: { input: 20, output: 10 } } });
    const limited = await chat('both', { max_tokens: 100 });
    const ours = [...limited.headers].filter(([name]) => name.startsWith('x-ratelimit-'));
    expect(Object.fromEntries(ours)).toEqual({
      'x-ratelimit-limit-requests': '3',
      'x-ratelimit-remaining-requests': '2',
      'x-ratelimit-reset-requests': expect.stringMatching(/^\d+s$/),
      'x-ratelimit-limit-tokens': '1000',
      'x-ratelimit-remaining-tokens': expect.stringMatching(/^8\d\d$/),
      'x-ratelimit-reset-tokens': expect.stringMatching(/^\d+s$/),
    });
    // An answer may be here before the other thread can see that its request is settled.
    await settledById(gateway, limited.headers.get('x-headgate-request-id'));
    const second = await chat('both', { max_tokens: 100 });
    await settledById(gateway, second.headers.get('x-headgate-request-id'));
    // What the first one did not use has been given back: 1000 - 30 - 100 and a few bytes.
    const left = 970 - (1_000 - Number(limited.headers.get('x-ratelimit-remaining-tokens')));
    expect(Number(second.headers.get('x-ratelimit-remaining-tokens'))).toBe(left);
    const refused = await chat('both', { max_tokens: 960 });
    expect([refused.status, code(refused)]).toEqual([429, 'rate_limit_exceeded']);
    expect(refused.headers.get('x-ratelimit-remaining-tokens')).toBe('940');
    expect(refused.headers.get('x-ratelimit-remaining-requests')).toBe('1');
    const unlimited = await chat('free');
    expect(unlimited.headers.get('x-ratelimit-limit-requests')).toBe('10000');
  }, 30_000);

  it('refuse in the shape of either API, with the time to wait', async () => {
    await roomInMinute(10);
    const apiKey = 'hg-slow-key-0123456789';
    const client = new OpenAI({ apiKey, baseURL: `${gateway.url}/v1`, maxRetries: 0 });
    const claude = new Anthropic({ apiKey, baseURL: gateway.url, maxRetries: 0 });
    const messages = [{ role: 'user' as const, content: 'Hi' }];
    await client.chat.completions.create({ model: 'mock/hello', messages });
    const one = await client.chat.completions
      .create({ model: 'mock/hello', messages })
      .catch((error) => error);
    expect(one).toBeInstanceOf(OpenAI.RateLimitError);
    expect(one).toMatchObject({ status: 429, code: 'rate_limit_exceeded', type: 'rate_limit_error' });
    expect(one.message).toMatch(
      /Key 'slow' may use 1 requests a minute and 0 are left; the limit resets in \d+ s\./,
    );
    const wait = Number(one.headers.get('retry-after'));
    expect(wait).toBeGreaterThan(0);
    expect(wait).toBeLessThanOrEqual(60);
    const other = await claude.messages
      .create({ model: 'mock/hello', max_tokens: 9, messages })
      .catch((error) => error);
    expect(other).toBeInstanceOf(Anthropic.RateLimitError);
    expect(other.error).toMatchObject({
      type: 'error',
      error: { type: 'rate_limit_error', code: 'rate_limit_exceeded' },
    });
    expect(other.headers.get('x-ratelimit-remaining-requests')).toBe('0');
  }, 30_000);
});

describe('a budget of a cent, over two threads', () => {
  it('is never passed however many ask at once, and is used but for what one request may need', async () => {
    // 100 and 50 tokens of gpt-4o: 0.00025 + 0.0005 dollars.
    openai.always({ answer: { text: 'x', usage: { input: 100, output: 50 } } });
    const send = (): Promise<Answered> => chat('cent', { max_tokens: 50 });
    let total = 0;
    let refused: Answered | undefined;
    for (let round = 0; round < 20 && refused === undefined; round++) {
      const answers = await Promise.all(Array.from({ length: round === 0 ? 80 : 1 }, send));
      total += answers
        .filter(({ status }) => status === 200)
        .reduce((sum, answer) => sum + costOf(answer), 0);
      expect(total).toBeLessThanOrEqual(10_000_000);
      expect(answers.map(({ status }) => status).every((status) => status === 200 || status === 402)).toBe(
        true,
      );
      // The other thread must have seen the end of the last one before the next one begins.
      await sleep(50);
      if (round > 0) refused = answers.find(({ status }) => status === 402);
    }
    expect(refused?.status).toBe(402);
    expect(total % 750_000).toBe(0);
    expect(total).toBeGreaterThan(10_000_000 - 3_000_000);
  }, 30_000);

  it('refuses in the shape of either API', async () => {
    const apiKey = 'hg-poor-key-0123456789';
    const client = new OpenAI({ apiKey, baseURL: `${gateway.url}/v1`, maxRetries: 0 });
    const claude = new Anthropic({ apiKey, baseURL: gateway.url, maxRetries: 0 });
    const messages = [{ role: 'user' as const, content: 'Hi' }];
    const one = await client.chat.completions
      .create({ model: 'openai/gpt-4o', messages })
      .catch((error) => error);
    expect(one).toMatchObject({ status: 402, code: 'budget_exceeded', type: 'insufficient_quota' });
    expect(one.message).toMatch(
      /budget of key 'poor' is \$0\.0001 a month.*starts again at \d{4}-\d\d-01T00:00:00Z/,
    );
    const other = await claude.messages
      .create({ model: 'anthropic/claude-sonnet-4-5', max_tokens: 99, messages })
      .catch((error) => error);
    expect(other.status).toBe(402);
    expect(other.error).toMatchObject({
      type: 'error',
      error: { type: 'billing_error', code: 'budget_exceeded' },
    });
    // What costs nothing still works.
    expect((await post(gateway, '/v1/messages', messageBody('mock/hello'), bearer('poor'))).status).toBe(200);
    expect(setup.openai.received).toHaveLength(0);
  });

  it('gives back what a failed and an abandoned request had reserved', async () => {
    // Each reserves more than half of the cent, so that a second one only fits when the first has given back.
    const half = { max_tokens: 600 };
    openai.next({ status: 400 });
    const failed = await chat('aborts', half);
    expect(failed.status).toBe(400);
    await settledById(gateway, failed.headers.get('x-headgate-request-id'));
    openai.next({ hangAfter: 2 });
    const leaving = new AbortController();
    const response = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...bearer('aborts') },
      body: JSON.stringify(chatBody('openai/gpt-4o', { ...half, stream: true })),
      signal: leaving.signal,
    });
    await response.body?.getReader().read();
    expect((await chat('aborts', half)).status).toBe(402);
    leaving.abort();
    await expect.poll(async () => (await chat('aborts', half)).status, { timeout: 30_000 }).toBe(200);
  });
});

describe('a stream that the client leaves', () => {
  it('is charged what the provider has said so far of its usage', async () => {
    setup.anthropic.next({
      hangAfter: 3,
      answer: { text: 'a long story', usage: { input: 1_000, output: 500 } },
    });
    const leaving = new AbortController();
    const response = await fetch(`${gateway.url}/v1/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...bearer('free') },
      body: JSON.stringify(messageBody('anthropic/claude-sonnet-4-5', { stream: true })),
      signal: leaving.signal,
    });
    await response.body?.getReader().read();
    leaving.abort();
    const line = await settledById(gateway, response.headers.get('x-headgate-request-id'));
    expect(line).toMatchObject({ outcome: 'client-closed', input_tokens: 1_000 });
    // The input at 3 dollars a million; of the output no more than was announced at the start.
    expect(Number(line['cost_usd'])).toBeGreaterThanOrEqual(0.003);
    expect(Number(line['cost_usd'])).toBeLessThan(0.004);
  });
});

describe('a budget over restarts and reloads', () => {
  const priced = { answer: { text: 'x', usage: { input: 1_000, output: 500 } } };
  const COST = 1_000 * 2_500 + 500 * 10_000;
  const ask = (to: Headgate): Promise<Answered> =>
    post(to, '/v1/chat/completions', chatBody('openai/gpt-4o', { max_tokens: 500 }), bearer('kept'));

  it('goes on where it was after a restart, and takes a new cap while running', async () => {
    const fake = await startOpenAi();
    fake.always(priced);
    const dir = mkdtempSync(join(tmpdir(), 'headgate-limits-'));
    const config = (usd: number): object => ({
      server: { threads: 2 },
      store: { url: `sqlite:${join(dir, 'kept.db')}` },
      providers: { openai: { base_url: `${fake.url}/v1`, keys: [{ value: 'sk-fake-0123456789' }] } },
      keys: [named('kept', { budget: { usd, per: 'year' } })],
    });
    // Room for two: the bound of one is a little above 500 × 10,000 + 600 × 2,500.
    const usd = (2 * COST) / 1e9;
    let running = await startHeadgate({ config: config(usd) });
    try {
      expect((await ask(running)).status).toBe(200);
      expect((await ask(running)).status).toBe(200);
      expect((await ask(running)).status).toBe(402);
      await stopCleanly(running);

      running = await startHeadgate({ config: config(usd) });
      const refused = await ask(running);
      expect([refused.status, code(refused)]).toEqual([402, 'budget_exceeded']);
      expect(refused.text).toContain('of which $0.00 is left');

      running.writeConfig(config(usd * 1.5));
      await expect
        .poll(async () => (await ask(running)).status, { timeout: 30_000, interval: 250 })
        .toBe(200);
      expect((await ask(running)).status).toBe(402);
    } finally {
      await running.stop();
      await fake.close();
      rmSync(dir, { recursive: true, force: true });
    }
  }, 60_000);
});
