import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { type Answered, chatBody, post } from '../e2e/http-client.js';
import { startTwoProviders } from '../e2e/two-providers.js';

const key = (name: string, more: object = {}) => ({ name, value: `hg-${name}-key-0123456789`, ...more });
const setup = await startTwoProviders({
  server: { threads: 2 },
  organizations: { acme: { name: 'Acme', budgets: [{ usd: 0.01, per: 'year', time_zone: 'Asia/Kolkata' }] } },
  teams: {
    support: { organization: 'acme' },
    few: { limits: { parallel_requests: 3 } },
    saving: { budgets: [{ usd: 1, per: 'day', downgrade: { at: 0.000001, to: 'mock/cheap' } }] },
    soft: { budgets: [{ usd: 0.0000001, per: 'day', hard: false }] },
  },
  customers: { 'big corp': { limits: { windows: [{ requests: 20, per: 'day', window: 'rolling' }] } } },
  keys: [
    key('one', { team: 'support' }),
    key('two', { organization: 'acme' }),
    key('few', { team: 'few' }),
    key('saving', { team: 'saving' }),
    key('soft', { team: 'soft' }),
    key('seller'),
  ],
});
const { gateway } = setup;
beforeEach(() => setup.reset());
afterAll(() => setup.close());

const chat = (name: string, model = 'openai/gpt-4o', more: object = {}): Promise<Answered> =>
  post(gateway, '/v1/chat/completions', chatBody(model, more), {
    authorization: `Bearer hg-${name}-key-0123456789`,
  });
const errorOf = (answer: Answered) => answer.json()['error'] as { code: string; message: string };
const costOf = (answer: Answered): number =>
  Math.round(Number(answer.headers.get('x-headgate-cost-usd')) * 1e9);

describe('over two threads', () => {
  it('the budget of an organization is never passed by its keys together, and ends at the sum of their costs', async () => {
    const send = (_: unknown, i: number) =>
      chat(i % 2 === 0 ? 'one' : 'two', 'openai/gpt-4o', { max_tokens: 20 });
    const answers = await Promise.all(Array.from({ length: 400 }, send));
    const good = answers.filter(({ status }) => status === 200);
    const refused = answers.filter(({ status }) => status === 402);
    expect(good.length + refused.length).toBe(400);
    expect(good.length).toBeGreaterThan(0);
    const spent = good.reduce((sum, answer) => sum + costOf(answer), 0);
    expect(spent).toBeLessThanOrEqual(10_000_000);
    if (refused[0] !== undefined) {
      expect(errorOf(refused[0]).code).toBe('budget_exceeded');
      expect(errorOf(refused[0]).message).toContain(
        "The budget of organization 'Acme' is $0.01 a year of Asia/Kolkata",
      );
    }
    // Nothing is stranded: requests go on until one is refused that finds all that was not spent.
    let all = spent;
    let left = '';
    let most = '';
    const unspent = () => Math.floor((10_000_000 - all) / 1000);
    const deadline = Date.now() + 20_000;
    while (left === '' || Math.round(Number(left) * 1e6) !== unspent()) {
      // A client has its answer a moment before it is settled: what it could have cost may still be held.
      if (left !== '') await sleep(20);
      if (Date.now() > deadline)
        throw new Error(`$${left} is left, and ${unspent()} millionths were not spent`);
      const answer = await chat('two', 'openai/gpt-4o', { max_tokens: 20 });
      if (answer.status === 200) {
        all += costOf(answer);
        left = '';
        continue;
      }
      expect(answer.status).toBe(402);
      [, left = '', most = ''] =
        /of which \$(\d+\.\d+) is left, and this request may cost up to \$(\d+\.\d+)/.exec(
          errorOf(answer).message,
        ) ?? [];
      expect(left, errorOf(answer).message).not.toBe('');
    }
    expect(Number(left)).toBeLessThan(Number(most));
  });

  it('no more requests of a team run at once than it may', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => chat('few', 'mock/slow', { stream: false })),
    );
    const statuses = new Set(answers.map(({ status }) => status));
    expect([...statuses].every((status) => status === 200 || status === 429)).toBe(true);
    expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(3);
    for (const answer of answers.filter(({ status }) => status === 429))
      expect(errorOf(answer)).toMatchObject({ code: 'parallel_limit_exceeded' });
    // A client has its answer a moment before its place is free. One that never is keeps three from running at once for ever.
    const three = () => Promise.all([1, 2, 3].map(() => chat('few', 'mock/hello')));
    const deadline = Date.now() + 20_000;
    while (!(await three()).every(({ status }) => status === 200)) {
      if (Date.now() > deadline) throw new Error('places of requests that have ended are not free again');
      await sleep(20);
    }
  });

  it('the requests of one customer count together, whatever the key', async () => {
    const send = () =>
      post(gateway, '/v1/chat/completions', chatBody('mock/hello'), {
        authorization: 'Bearer hg-seller-key-0123456789',
        'x-headgate-metadata': JSON.stringify({ customer: 'big corp' }),
      });
    const answers = await Promise.all(Array.from({ length: 50 }, send));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(20);
    const refused = answers.find(({ status }) => status === 429) as Answered;
    expect(errorOf(refused).message).toContain(
      "Customer 'big corp' may use 20 requests in any 24 hours and 0 are left",
    );
    expect((await chat('seller', 'mock/hello')).status).toBe(200);
  });
});

it('from a share of a budget on, requests go to the cheaper target', async () => {
  const first = await chat('saving');
  expect(first.headers.get('x-headgate-provider')).toBe('openai');
  const second = await chat('saving');
  expect(second.status).toBe(200);
  expect(second.headers.get('x-headgate-provider')).toBe('mock');
  expect(second.headers.get('x-headgate-model')).toBe('cheap');
});

it('a soft budget is passed, and says so', async () => {
  await chat('soft');
  const answer = await chat('soft');
  expect(answer.status).toBe(200);
  expect(answer.headers.get('x-headgate-budget-passed')).toBe("Team 'soft', a day");
});
