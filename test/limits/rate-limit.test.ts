import { type ChainLink, emptyUsage, type SettledRecord } from '@headgate/sdk';
import { type FakeHost, type FakeView, fakeHost, settledRecord, setUp } from '@headgate/sdk/testing';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import rateLimit from '../../plugins/rate-limit/index.js';
import { RateLimiter } from '../../plugins/rate-limit/limiter.js';
import { limit, link } from './link.js';

const MINUTE = 60_000;
/** Used for a request that sets no cap of its own. */
const DEFAULT_OUTPUT = 1024;

// For its views only.
const kit = await setUp(rateLimit);
let host: FakeHost;
beforeEach(() => {
  // Twenty seconds into a minute.
  host = fakeHost({ now: Date.UTC(2026, 10, 22, 12, 30, 20) });
});

interface KeyLimits {
  id: string;
  name: string;
  rpm?: number;
  tpm?: number;
}

/** Chains of the keys of this test. */
const chains = new Map<string, ChainLink[]>();

function limiterFor(...keys: KeyLimits[]): RateLimiter {
  const limiter = new RateLimiter(host);
  for (const { id, name, rpm, tpm } of keys) {
    const limits = [
      ...(rpm === undefined ? [] : [limit(rpm)]),
      ...(tpm === undefined ? [] : [limit(tpm, { of: 'total_tokens' })]),
    ];
    chains.set(id, [link({ id, name, limits })]);
  }
  return limiter;
}

/** A chat request of `bytes` bytes. */
function view(
  keyId: string | null,
  bytes = 400,
  cap?: number,
  operation: 'chat' | 'count-tokens' = 'chat',
): FakeView {
  const chain = keyId === null ? null : (chains.get(keyId) ?? []);
  const maxOutputTokens = cap === undefined ? {} : { maxOutputTokens: cap };
  return viewOf(chain, { body: new Uint8Array(bytes), operation, ...maxOutputTokens });
}

function viewOf(chain: ChainLink[] | null, more: object = {}): FakeView {
  const [first] = chain ?? [];
  const principal =
    chain === null
      ? null
      : { id: first?.id ?? 'x', name: first?.name ?? 'x', models: ['*'], metadata: {}, chain };
  return kit.view({ principal, body: new Uint8Array(400), operation: 'chat', ...more });
}

const headersOf = ({ answerHeaders }: FakeView): Record<string, string> =>
  Object.fromEntries(
    answerHeaders.flatMap((name, i) => (i % 2 === 0 ? [[name, answerHeaders[i + 1] ?? '']] : [])),
  );

function settled(tokens: number | null, more: Partial<SettledRecord> = {}): SettledRecord {
  const usage = tokens === null ? null : { ...emptyUsage(), inputTokens: tokens };
  return { ...settledRecord(), keyId: 'k', usage, outcome: 'ok', provider: 'openai', ...more };
}

describe('requests a minute', () => {
  it('lets exactly that many through, then answers 429 with the limit and the time', async () => {
    const limiter = limiterFor({ id: 'k', name: 'ci', rpm: 3 });
    for (let i = 0; i < 3; i++) expect(await limiter.admit(view('k'))).toBeUndefined();
    const last = view('k');
    const refused = await limiter.admit(last);
    expect(refused).toMatchObject({
      type: 'error',
      error: { kind: 'rate-limit', status: 429, code: 'rate_limit_exceeded', retryAfterMs: 40_000 },
    });
    expect(headersOf(last)).toEqual({
      'x-ratelimit-limit-requests': '3',
      'x-ratelimit-remaining-requests': '0',
      'x-ratelimit-reset-requests': '40s',
    });
    expect(refused?.type === 'error' && refused.error.message).toContain(
      "Key 'ci' may use 3 requests a minute",
    );
  });

  it('starts again with the next minute', async () => {
    const limiter = limiterFor({ id: 'k', name: 'k', rpm: 1 });
    expect(await limiter.admit(view('k'))).toBeUndefined();
    expect(await limiter.admit(view('k'))).toBeDefined();
    host.clock.advance(MINUTE);
    expect(await limiter.admit(view('k'))).toBeUndefined();
  });

  it('counts keys apart, and callers without a limited key not at all', async () => {
    const limiter = limiterFor({ id: 'a', name: 'a', rpm: 1 }, { id: 'b', name: 'b', rpm: 1 });
    expect(await limiter.admit(view('a'))).toBeUndefined();
    expect(await limiter.admit(view('b'))).toBeUndefined();
    expect(await limiter.admit(view('a'))).toBeDefined();
    for (let i = 0; i < 5; i++) expect(await limiter.admit(view('unlimited'))).toBeUndefined();
    for (let i = 0; i < 5; i++) expect(await limiter.admit(view(null))).toBeUndefined();
  });

  it('is shared by the limiters of all threads', async () => {
    const [one, two] = [
      limiterFor({ id: 'k', name: 'k', rpm: 2 }),
      limiterFor({ id: 'k', name: 'k', rpm: 2 }),
    ];
    expect(await one.admit(view('k'))).toBeUndefined();
    expect(await two.admit(view('k'))).toBeUndefined();
    expect(await one.admit(view('k'))).toBeDefined();
  });
});

describe('tokens a minute', () => {
  const tokensOf = async () =>
    (await host.counters.open('total_tokens:minute:calendar:UTC:key:k', { period: 'minute' })).value();

  it('takes the body and all allowed output, and puts the truth in its place', async () => {
    const limiter = limiterFor({ id: 'k', name: 'k', tpm: 10_000 });
    const [a, b] = [view('k', 400, 500), view('k', 400)];
    await limiter.admit(a);
    expect(await tokensOf()).toBe(600);
    limiter.correct(settled(130), a);
    expect(await tokensOf()).toBe(130);
    await limiter.admit(b);
    expect(await tokensOf()).toBe(130 + 100 + DEFAULT_OUTPUT);
    limiter.correct(settled(5000), b);
    expect(await tokensOf()).toBe(5130);
  });

  it('refuses what no longer fits and does not count it as a request', async () => {
    const limiter = limiterFor({ id: 'k', name: 'k', rpm: 2, tpm: 1000 });
    expect(await limiter.admit(view('k', 400, 800))).toBeUndefined();
    const refused = view('k', 400, 800);
    expect(await limiter.admit(refused)).toMatchObject({ error: { code: 'rate_limit_exceeded' } });
    expect(headersOf(refused)).toMatchObject({
      'x-ratelimit-remaining-tokens': '100',
      'x-ratelimit-remaining-requests': '1',
    });
    expect(await limiter.admit(view('k', 40, 80))).toBeUndefined();
  });

  it('takes none for counting tokens', async () => {
    const limiter = limiterFor({ id: 'k', name: 'k', tpm: 10 });
    for (let i = 0; i < 3; i++)
      expect(await limiter.admit(view('k', 4_000, undefined, 'count-tokens'))).toBeUndefined();
    expect(await tokensOf()).toBe(0);
  });

  it('tells on every answer what is left', async () => {
    const limiter = limiterFor({ id: 'k', name: 'k', rpm: 5, tpm: 1_000 });
    const asked = view('k', 40, 90);
    await limiter.admit(asked);
    expect(headersOf(asked)).toEqual({
      'x-ratelimit-limit-requests': '5',
      'x-ratelimit-remaining-requests': '4',
      'x-ratelimit-reset-requests': '40s',
      'x-ratelimit-limit-tokens': '1000',
      'x-ratelimit-remaining-tokens': '900',
      'x-ratelimit-reset-tokens': '40s',
    });
  });

  it('lets a request that is larger than the limit through in an empty minute', async () => {
    const limiter = limiterFor({ id: 'k', name: 'k', tpm: 1000 });
    const big = view('k', 400, 100_000);
    expect(await limiter.admit(big)).toBeUndefined();
    expect(await limiter.admit(view('k', 4))).toBeDefined();
    limiter.correct(settled(300), big);
    expect(await limiter.admit(view('k', 4, 10))).toBeUndefined();
  });

  it('never gives tokens back to a minute that did not lend them', async () => {
    const limiter = limiterFor({ id: 'k', name: 'k', tpm: 10_000 });
    const old = view('k', 400, 500);
    await limiter.admit(old);
    host.clock.advance(MINUTE);
    limiter.correct(settled(1), old);
    expect(await tokensOf()).toBe(0);
  });

  it.each([
    ['a provider that said nothing keeps the estimate', {}, 600],
    ['a client that left keeps the estimate', { outcome: 'client-closed' }, 600],
    ['a failed request gives it back', { outcome: 'error' }, 0],
    ['a request no provider saw gives it back', { provider: '' }, 0],
  ] as const)('%s', async (_, more, left) => {
    const limiter = limiterFor({ id: 'k', name: 'k', tpm: 10_000 });
    const asked = view('k', 400, 500);
    await limiter.admit(asked);
    limiter.correct(settled(null, more as Partial<SettledRecord>), asked);
    expect(await tokensOf()).toBe(left);
  });

  it('ends at the sum of what was used, whatever the order, within one minute', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ bytes: fc.nat(4000), used: fc.nat(3000), later: fc.boolean() })),
        async (jobs) => {
          host = fakeHost({ now: host.clock.now() });
          const limiter = limiterFor({ id: 'k', name: 'k', tpm: 20_000 });
          let truth = 0;
          const later: (() => void)[] = [];
          for (const job of jobs) {
            const asked = view('k', job.bytes);
            if (await limiter.admit(asked)) continue;
            truth += job.used;
            const end = (): void => limiter.correct(settled(job.used), asked);
            if (job.later) later.push(end);
            else end();
          }
          for (const end of later.reverse()) end();
          expect(await tokensOf()).toBe(truth);
        },
      ),
    );
  });
});

describe('limits of all that a key belongs to', () => {
  const team = link({ kind: 'team', id: 'support', name: 'Support', limits: [limit(2)] });
  const admit = async (limiter: RateLimiter, chain: ChainLink[], more: object = {}) => {
    const asked = viewOf(chain, more);
    return { asked, refused: await limiter.admit(asked) };
  };

  it('count for the keys together, and the refusal names whose it is', async () => {
    const limiter = new RateLimiter(host);
    const [a, b] = [link({ id: 'a', limits: [limit(2)] }), link({ id: 'b' })];
    expect((await admit(limiter, [a, team])).refused).toBeUndefined();
    expect((await admit(limiter, [b, team])).refused).toBeUndefined();
    const { refused } = await admit(limiter, [a, team]);
    expect(refused).toMatchObject({ error: { status: 429 } });
    expect(refused?.type === 'error' && refused.error.message).toContain(
      "Team 'Support' may use 2 requests a minute and 0 are left",
    );
    // What the key had left was not taken by the refused request.
    expect((await admit(limiter, [a])).refused).toBeUndefined();
    expect((await admit(limiter, [a])).refused).toBeDefined();
  });

  it('of input, output and all tokens count each what they are of, in their own windows', async () => {
    const limits = [
      limit(1000, { of: 'input_tokens', per: 'hour' }),
      limit(2000, { of: 'output_tokens', per: 'day', timeZone: 'Europe/Vienna' }),
      limit(5000, { of: 'total_tokens', per: 'month', window: 'rolling' }),
    ];
    const chain = [link({ kind: 'organization', id: 'acme', limits })];
    const limiter = new RateLimiter(host);
    const { asked } = await admit(limiter, chain, { maxOutputTokens: 300 });
    const usage = { ...emptyUsage(), inputTokens: 900, outputTokens: 50 };
    limiter.correct({ ...settledRecord(), usage, provider: 'openai' }, asked);
    const input = (await admit(limiter, chain, { body: new Uint8Array(404), maxOutputTokens: 10 })).refused;
    expect(input?.type === 'error' && input.error.message).toContain(
      "Organization 'k' may use 1000 input tokens an hour and 100 are left",
    );
    const output = (await admit(limiter, chain, { maxOutputTokens: 1951 })).refused;
    expect(output?.type === 'error' && output.error.message).toContain(
      '2000 output tokens a day of Europe/Vienna and 1950 are left',
    );
    // The day ends there an hour before it ends in UTC.
    expect(output).toMatchObject({
      error: { retryAfterMs: Date.UTC(2026, 10, 22, 23) - host.clock.now() },
    });
  });

  it('of requests at once are free again when one ends', async () => {
    const limiter = new RateLimiter(host);
    const chain = [link({ kind: 'user', id: 'ann', name: 'Ann', parallel: 2 })];
    const first = await admit(limiter, chain);
    await admit(limiter, chain);
    const { refused } = await admit(limiter, chain);
    expect(refused).toMatchObject({ error: { status: 429, code: 'parallel_limit_exceeded' } });
    expect(refused?.type === 'error' && refused.error.message).toContain(
      "User 'Ann' may have 2 requests at once",
    );
    limiter.correct(settled(null, { outcome: 'error' }), first.asked);
    expect((await admit(limiter, chain)).refused).toBeUndefined();
  });

  it('in a rolling window forget what was used a window ago, not at a boundary', async () => {
    const limiter = new RateLimiter(host);
    const chain = [link({ limits: [limit(2, { window: 'rolling' })] })];
    await admit(limiter, chain);
    host.clock.advance(45_000);
    await admit(limiter, chain);
    // Over the boundary of a minute, and yet within 60 seconds of both.
    host.clock.advance(10_000);
    const { refused } = await admit(limiter, chain);
    expect(refused?.type === 'error' && refused.error.message).toContain(
      '2 requests in any 60 seconds and 0 are left; some of it is free again in 6 s',
    );
    host.clock.advance(6_000);
    expect((await admit(limiter, chain)).refused).toBeUndefined();
    expect((await admit(limiter, chain)).refused).toBeDefined();
  });

  it('of an hour and longer go on after a restart, from the ledger', async () => {
    host = fakeHost({ now: host.clock.now(), used: () => ({ requests: 9 }) });
    const limiter = new RateLimiter(host);
    const chain = [link({ kind: 'customer', id: 'acme', limits: [limit(10, { per: 'day' }), limit(5)] })];
    expect((await admit(limiter, chain)).refused).toBeUndefined();
    const { refused } = await admit(limiter, chain);
    expect(refused?.type === 'error' && refused.error.message).toContain('10 requests a day');
  });
});

describe('the rate-limit plugin', () => {
  it('hooks the request before other gates, and the settled record', async () => {
    const hooks = (await rateLimit.setup?.(host, undefined)) as {
      request: { handler: (v: unknown) => unknown; order: number };
      settled: (record: SettledRecord, view: FakeView) => void;
    };
    chains.set('k', [link({ limits: [limit(1)] })]);
    expect(hooks.request.order).toBeLessThan(0);
    expect(await hooks.request.handler(view('k'))).toBeUndefined();
    expect(hooks.request.handler(view('k'))).toMatchObject({ type: 'error' });
    expect(() => hooks.settled(settled(5, { keyId: 'unknown' }), view('unknown'))).not.toThrow();
  });
});
