import { emptyUsage, type SettledRecord } from '@headgate/sdk';
import { type FakeHost, type FakeView, fakeHost, settledRecord, setUp } from '@headgate/sdk/testing';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import rateLimit from '../../plugins/rate-limit/index.js';
import { type KeyLimits, RateLimiter } from '../../plugins/rate-limit/limiter.js';

const MINUTE = 60_000;
/** Used for a request that sets no cap of its own. */
const DEFAULT_OUTPUT = 1024;

// For its views only.
const kit = await setUp(rateLimit, { config: { keys: [] } });
let host: FakeHost;
beforeEach(() => {
  // Twenty seconds into a minute.
  host = fakeHost({ now: Date.UTC(2026, 10, 22, 12, 30, 20) });
});

async function limiterFor(...keys: KeyLimits[]): Promise<RateLimiter> {
  const limiter = new RateLimiter(host);
  for (const key of keys) await limiter.watch(key);
  return limiter;
}

/** A chat request of `bytes` bytes. */
function view(
  keyId: string | null,
  bytes = 400,
  cap?: number,
  operation: 'chat' | 'count-tokens' = 'chat',
): FakeView {
  const principal = keyId === null ? null : { id: keyId, name: keyId, models: ['*'], metadata: {} };
  const maxOutputTokens = cap === undefined ? {} : { maxOutputTokens: cap };
  return kit.view({ principal, body: new Uint8Array(bytes), operation, ...maxOutputTokens });
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
    const limiter = await limiterFor({ id: 'k', name: 'ci', rpm: 3 });
    for (let i = 0; i < 3; i++) expect(limiter.admit(view('k'))).toBeUndefined();
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
    const limiter = await limiterFor({ id: 'k', name: 'k', rpm: 1 });
    expect(limiter.admit(view('k'))).toBeUndefined();
    expect(limiter.admit(view('k'))).toBeDefined();
    host.clock.advance(MINUTE);
    expect(limiter.admit(view('k'))).toBeUndefined();
  });

  it('counts keys apart, and callers without a limited key not at all', async () => {
    const limiter = await limiterFor({ id: 'a', name: 'a', rpm: 1 }, { id: 'b', name: 'b', rpm: 1 });
    expect(limiter.admit(view('a'))).toBeUndefined();
    expect(limiter.admit(view('b'))).toBeUndefined();
    expect(limiter.admit(view('a'))).toBeDefined();
    for (let i = 0; i < 5; i++) expect(limiter.admit(view('unlimited'))).toBeUndefined();
    for (let i = 0; i < 5; i++) expect(limiter.admit(view(null))).toBeUndefined();
  });

  it('is shared by the limiters of all threads', async () => {
    const [one, two] = [
      await limiterFor({ id: 'k', name: 'k', rpm: 2 }),
      await limiterFor({ id: 'k', name: 'k', rpm: 2 }),
    ];
    expect(one.admit(view('k'))).toBeUndefined();
    expect(two.admit(view('k'))).toBeUndefined();
    expect(one.admit(view('k'))).toBeDefined();
  });
});

describe('tokens a minute', () => {
  const tokensOf = async () => (await host.counters.open('tpm:k', { period: 'minute' })).value();

  it('takes the body and all allowed output, and puts the truth in its place', async () => {
    const limiter = await limiterFor({ id: 'k', name: 'k', tpm: 10_000 });
    const [a, b] = [view('k', 400, 500), view('k', 400)];
    limiter.admit(a);
    expect(await tokensOf()).toBe(600);
    limiter.correct(settled(130), a);
    expect(await tokensOf()).toBe(130);
    limiter.admit(b);
    expect(await tokensOf()).toBe(130 + 100 + DEFAULT_OUTPUT);
    limiter.correct(settled(5000), b);
    expect(await tokensOf()).toBe(5130);
  });

  it('refuses what no longer fits and does not count it as a request', async () => {
    const limiter = await limiterFor({ id: 'k', name: 'k', rpm: 2, tpm: 1000 });
    expect(limiter.admit(view('k', 400, 800))).toBeUndefined();
    const refused = view('k', 400, 800);
    expect(limiter.admit(refused)).toMatchObject({ error: { code: 'rate_limit_exceeded' } });
    expect(headersOf(refused)).toMatchObject({
      'x-ratelimit-remaining-tokens': '100',
      'x-ratelimit-remaining-requests': '1',
    });
    expect(limiter.admit(view('k', 40, 80))).toBeUndefined();
  });

  it('takes none for counting tokens', async () => {
    const limiter = await limiterFor({ id: 'k', name: 'k', tpm: 10 });
    for (let i = 0; i < 3; i++)
      expect(limiter.admit(view('k', 4_000, undefined, 'count-tokens'))).toBeUndefined();
    expect(await tokensOf()).toBe(0);
  });

  it('tells on every answer what is left', async () => {
    const limiter = await limiterFor({ id: 'k', name: 'k', rpm: 5, tpm: 1_000 });
    const asked = view('k', 40, 90);
    limiter.admit(asked);
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
    const limiter = await limiterFor({ id: 'k', name: 'k', tpm: 1000 });
    const big = view('k', 400, 100_000);
    expect(limiter.admit(big)).toBeUndefined();
    expect(limiter.admit(view('k', 4))).toBeDefined();
    limiter.correct(settled(300), big);
    expect(limiter.admit(view('k', 4, 10))).toBeUndefined();
  });

  it('never gives tokens back to a minute that did not lend them', async () => {
    const limiter = await limiterFor({ id: 'k', name: 'k', tpm: 10_000 });
    const old = view('k', 400, 500);
    limiter.admit(old);
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
    const limiter = await limiterFor({ id: 'k', name: 'k', tpm: 10_000 });
    const asked = view('k', 400, 500);
    limiter.admit(asked);
    limiter.correct(settled(null, more as Partial<SettledRecord>), asked);
    expect(await tokensOf()).toBe(left);
  });

  it('ends at the sum of what was used, whatever the order, within one minute', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ bytes: fc.nat(4000), used: fc.nat(3000), later: fc.boolean() })),
        async (jobs) => {
          host = fakeHost({ now: host.clock.now() });
          const limiter = await limiterFor({ id: 'k', name: 'k', tpm: 20_000 });
          let truth = 0;
          const later: (() => void)[] = [];
          for (const job of jobs) {
            const asked = view('k', job.bytes);
            if (limiter.admit(asked)) continue;
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

describe('the rate-limit plugin', () => {
  it('refuses limits that are not positive whole numbers, and fields it does not know', () => {
    const accepts = (key: object): boolean =>
      rateLimit.config?.safeParse({ keys: [{ id: 'k', name: 'k', ...key }] }).success ?? false;
    expect(accepts({ rpm: 600, tpm: 200_000 })).toBe(true);
    expect([{ rpm: 0 }, { rpm: 1.5 }, { tpm: '9' }, { rps: 1 }].filter(accepts)).toEqual([]);
  });

  it('hooks the request before other gates, and the settled record', async () => {
    const hooks = (await rateLimit.setup?.(host, { keys: [{ id: 'k', name: 'k', rpm: 1 }] })) as {
      request: { handler: (v: unknown) => unknown; order: number };
      settled: (record: SettledRecord, view: FakeView) => void;
    };
    expect(hooks.request.order).toBeLessThan(0);
    expect(hooks.request.handler(view('k'))).toBeUndefined();
    expect(hooks.request.handler(view('k'))).toMatchObject({ type: 'error' });
    expect(() => hooks.settled(settled(5, { keyId: 'unknown' }), view('unknown'))).not.toThrow();
  });
});
