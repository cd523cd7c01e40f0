import { afterAll, describe, expect, it } from 'vitest';
import { chatBody } from '../e2e/http-client.js';
import { embed, json } from '../gateway/embedded.js';

const value = (name: string): string => `hg-${name}-key-0123456789`;
const key = (name: string, more: object) => ({ name, value: value(name), ...more });
const windows = [{ requests: 7, per: 'day' }];
const ALL = { rpm: 5, tpm: 100_000, parallel_requests: 2, windows };
// What is refused reaches no provider.
const gateway = await embed({
  config: {
    server: { threads: 1 },
    providers: { openai: { keys: [{ value: 'sk-never-used-0123456789' }] } },
    models: { dear: { targets: ['openai/gpt-4o'] } },
    keys: [
      key('budget', { limits: ALL, budget: { usd: 0.0001, per: 'month' } }),
      key('dollars', { limits: { ...ALL, windows: [...windows, { usd: 0.0001, per: 'day' }] } }),
      key('providers', { limits: ALL, providers: ['mock'] }),
      key('tokens', { limits: { rpm: 10 }, team: 'few-tokens' }),
      key('unpriced', { limits: ALL, unpriced: 'deny' }),
      key('failing', { limits: ALL }),
    ],
    teams: { 'few-tokens': { limits: { tpm: 50 } } },
  },
});
afterAll(() => gateway.close());

const ask = (name: string, model: string, more: object = {}): Promise<Response> =>
  gateway.fetch(
    '/v1/chat/completions',
    json(chatBody(model, more), {
      headers: { 'content-type': 'application/json', authorization: `Bearer ${value(name)}` },
    }),
  );
const left = ({ headers }: Response, what = 'requests'): string | null =>
  headers.get(`x-ratelimit-remaining-${what}`);
const codeOf = async (answer: Response): Promise<unknown> =>
  ((await answer.json()) as { error: { code: string } }).error.code;

describe('a request that one rule refuses', () => {
  it.each([
    ['budget', 'dear', 402, 'budget_exceeded'],
    ['dollars', 'dear', 429, 'rate_limit_exceeded'],
    ['providers', 'dear', 403, 'provider_not_allowed'],
    ['unpriced', 'openai/unheard-of', 403, 'model_unpriced'],
  ])(
    'is not counted by the limits on requests, tokens and requests at once (%s)',
    async (name, model, status, code) => {
      // More than any of the limits holds.
      for (let i = 0; i < 12; i++) {
        const refused = await ask(name, model);
        expect([refused.status, await codeOf(refused)]).toEqual([status, code]);
        expect([left(refused), left(refused, 'tokens')]).toEqual(['5', '100000']);
        // Each header once.
        expect(refused.headers.get('x-ratelimit-limit-requests')).toBe('5');
      }
      const served = await ask(name, 'mock/hello', { max_tokens: 5 });
      expect([served.status, left(served)]).toEqual([200, '4']);
      await served.text();
    },
  );

  it('is not counted by the limits beside the one that refuses', async () => {
    const served = await ask('tokens', 'mock/hello', { max_tokens: 1 });
    expect([served.status, left(served)]).toEqual([200, '9']);
    await served.text();
    for (let i = 0; i < 12; i++) {
      const refused = await ask('tokens', 'mock/hello', { max_tokens: 40 });
      expect([refused.status, left(refused)]).toEqual([429, '9']);
      await refused.text();
    }
  });
});

describe('a request that a provider fails', () => {
  it('is counted', async () => {
    const failed = await ask('failing', 'mock/error-500');
    await failed.text();
    const next = await ask('failing', 'mock/hello');
    expect([failed.status, left(failed), left(next)]).toEqual([500, '4', '3']);
    await next.text();
  });
});
