import { TOKEN_COUNTS, type Usage, type UsageUnits } from '@headgate/sdk';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { costNano } from '../../core/catalog/prices/cost.js';
import { costLines } from '../../core/catalog/prices/cost-lines.js';
import { costParts } from '../../core/catalog/prices/cost-parts.js';
import { exactNano } from '../../core/catalog/prices/exact-nano.js';
import { maxCostNano } from '../../core/catalog/prices/max-cost.js';
import type { PriceRecord } from '../../core/catalog/prices/price-row.js';
import { freePrice, MAX_RATE, type ModelPrice, modelPrice } from '../../core/catalog/prices/rates.js';
import { MAX_TOKENS } from '../../core/catalog/prices/token-count.js';
import { usageOf } from './usage-of.js';

const priceOf = (record: PriceRecord): ModelPrice => modelPrice('test', 'model', 'config', record);

const rate = fc.integer({ min: 0, max: MAX_RATE });
const rates = fc.record(
  { in: rate, out: rate, cr: rate, cw: rate, cwl: rate, think: rate, ain: rate, aout: rate, acr: rate },
  { requiredKeys: ['in', 'out'] },
);
const flat = rates.map(priceOf);
const fee = fc.integer({ min: 0, max: 1e11 });
const tiered = fc
  .tuple(rates, fee, fc.integer({ min: 1, max: 1e6 }), fc.integer({ min: 1, max: 1e6 }), rates, rates)
  .map(([base, req, first, gap, low, high]) =>
    priceOf({
      ...base,
      req,
      tiers: [
        { above: first, ...low },
        { above: first + gap, ...high },
      ],
    }),
  );
const anyPrice = fc.oneof(flat, tiered);

/** Parts that do not overlap and totals that hold them, as providers report. */
const count = fc.oneof(fc.integer({ min: 0, max: 2_000 }), fc.integer({ min: 0, max: 2_000_000 }));
const usages = fc.tuple(count, count, count, count, count, count, count, count).map(
  ([
    uncached,
    cacheReadTokens,
    cacheWriteTokens,
    cacheWriteLongTokens,
    inputAudioTokens,
    text,
    reasoningTokens,
    outputAudioTokens,
  ]): Usage => ({
    inputTokens: uncached + cacheReadTokens + cacheWriteTokens + cacheWriteLongTokens + inputAudioTokens,
    outputTokens: text + reasoningTokens + outputAudioTokens,
    cacheReadTokens,
    cacheWriteTokens,
    cacheWriteLongTokens,
    reasoningTokens,
    inputAudioTokens,
    outputAudioTokens,
  }),
);

/** Anything a confused provider may send. */
const junk = fc.oneof(fc.double(), fc.integer(), fc.constant(Number.NaN), fc.constant(Number.MAX_VALUE));
const junkUsages = fc.record<Usage>({
  inputTokens: junk,
  outputTokens: junk,
  cacheReadTokens: junk,
  cacheWriteTokens: junk,
  cacheWriteLongTokens: junk,
  reasoningTokens: junk,
  inputAudioTokens: junk,
  outputAudioTokens: junk,
});

type Count = (typeof TOKEN_COUNTS)[number];

const TOTAL_OF = {
  inputTokens: null,
  outputTokens: null,
  cacheReadTokens: 'inputTokens',
  cacheWriteTokens: 'inputTokens',
  cacheWriteLongTokens: 'inputTokens',
  inputAudioTokens: 'inputTokens',
  reasoningTokens: 'outputTokens',
  outputAudioTokens: 'outputTokens',
} as const satisfies Record<Count, Count | null>;

function add(left: Usage, right: Usage): Usage {
  const sum = usageOf({});
  for (const key of TOKEN_COUNTS) sum[key] = left[key] + right[key];
  return sum;
}

describe('costNano', () => {
  test('charges a rate of half a nano-dollar a token and rounds the sum half up', () => {
    const price = priceOf({ in: 37_500, out: 500 });
    expect(costNano(price, usageOf({ inputTokens: 3 }))).toBe(113);
    expect(costNano(price, usageOf({ outputTokens: 1 }))).toBe(1);
    expect(costNano(priceOf({ in: 499, out: 0 }), usageOf({ inputTokens: 1 }))).toBe(0);
    // Rounded once: three times 0.5 is 1.5, not three times 1.
    expect(costNano(price, usageOf({ outputTokens: 3 }))).toBe(2);
  });

  test('takes every part out of its total and charges it at its own rate', () => {
    const price = priceOf({ in: 1e6, out: 2e6, cr: 1e5, cw: 3e6, cwl: 4e6, think: 5e6, ain: 6e6, aout: 7e6 });
    const usage: Usage = {
      inputTokens: 11_111,
      cacheReadTokens: 10_000,
      cacheWriteTokens: 1_000,
      cacheWriteLongTokens: 100,
      inputAudioTokens: 10,
      outputTokens: 111,
      reasoningTokens: 100,
      outputAudioTokens: 10,
    };
    const expected =
      1 * 1000 + 10_000 * 100 + 1_000 * 3000 + 100 * 4000 + 10 * 6000 + 1 * 2000 + 100 * 5000 + 10 * 7000;
    expect(costNano(price, usage)).toBe(expected);
  });

  test('a tier holds for the whole request, output included, once the input passes it', () => {
    const price = priceOf({
      in: 1e6,
      out: 2e6,
      tiers: [
        { above: 100, in: 2e6 },
        { above: 200, in: 3e6, out: 9e6 },
      ],
    });
    expect(costNano(price, usageOf({ inputTokens: 100, outputTokens: 10 }))).toBe(100 * 1000 + 10 * 2000);
    expect(costNano(price, usageOf({ inputTokens: 101, outputTokens: 10 }))).toBe(101 * 2000 + 10 * 2000);
    expect(costNano(price, usageOf({ inputTokens: 201, outputTokens: 10 }))).toBe(201 * 3000 + 10 * 9000);
  });

  test('a part without a rate costs what its total costs', () => {
    const usage = usageOf({ inputTokens: 100, cacheReadTokens: 60, outputTokens: 50, reasoningTokens: 50 });
    expect(costNano(priceOf({ in: 1e6, out: 2e6 }), usage)).toBe(100 * 1000 + 50 * 2000);
  });

  test('parts reported beside the total instead of inside it are charged all the same', () => {
    const price = priceOf({ in: 1e6, out: 2e6, cr: 1e5 });
    expect(costNano(price, usageOf({ inputTokens: 5, cacheReadTokens: 1_000 }))).toBe(1_000 * 100);
    expect(costNano(price, usageOf({ outputTokens: 5, reasoningTokens: 1_000 }))).toBe(1_000 * 2000);
  });

  test('audio beyond the uncached input was read from the cache and costs its cached rate', () => {
    const price = priceOf({ in: 3e5, out: 0, cr: 3e4, ain: 1e6, acr: 1e5 });
    const usage = usageOf({ inputTokens: 10_000, cacheReadTokens: 8_000, inputAudioTokens: 9_000 });
    expect(costNano(price, usage)).toBe(2_000 * 1000 + 7_000 * 100 + 1_000 * 30);
  });

  test('the fee of a request is due once, and not for an answer that used nothing', () => {
    const price = priceOf({ in: 1e6, out: 1e6, req: 1.2e10 });
    expect(costNano(price, usageOf({ inputTokens: 1 }))).toBe(12_001_000);
    expect(costNano(price, usageOf({}))).toBe(0);
  });

  test('is exact at a billion tokens at a hundred dollars and more', () => {
    const usage = usageOf({
      inputTokens: 999_999_999,
      outputTokens: 999_999_997,
      cacheReadTokens: 333_333_333,
    });
    const price = priceOf({ in: 100_000_001, out: 999_999_999, cr: 12_345_679 });
    const pico = 666_666_666n * 100_000_001n + 333_333_333n * 12_345_679n + 999_999_997n * 999_999_999n;
    expect(costNano(price, usage)).toBe(Number((pico + 500n) / 1000n));
  });

  test('equals the same sum in big integers for any price and usage', () => {
    fc.assert(
      fc.property(anyPrice, fc.oneof(usages, junkUsages), (price, usage) => {
        const pico = costLines(price, usage).reduce(
          (sum, line) => sum + BigInt(line.count) * BigInt(line.rate),
          0n,
        );
        expect(costNano(price, usage)).toBe(Number((pico + 500n) / 1000n));
      }),
    );
  });

  test('is a safe integer and not negative, whatever the provider reports', () => {
    fc.assert(
      fc.property(anyPrice, junkUsages, (price, usage) => {
        const cost = costNano(price, usage);
        expect(Number.isSafeInteger(cost) && cost >= 0).toBe(true);
      }),
    );
    const everything = usageOf({});
    for (const key of TOKEN_COUNTS) everything[key] = MAX_TOKENS;
    const dearest = { in: MAX_RATE, out: MAX_RATE, req: 1e12 };
    expect(Number.isSafeInteger(costNano(priceOf(dearest), everything))).toBe(true);
  });

  test('grows with every count, taken together with the total it belongs to', () => {
    const keys = fc.constantFrom(...TOKEN_COUNTS);
    fc.assert(
      fc.property(flat, usages, keys, count, (price, usage, key, more) => {
        const grown = { ...usage, [key]: usage[key] + more };
        const total = TOTAL_OF[key];
        if (total !== null) grown[total] += more;
        expect(costNano(price, grown)).toBeGreaterThanOrEqual(costNano(price, usage));
      }),
    );
  });

  test('two answers cost what their sum costs, to the nano-dollar that rounding may move', () => {
    fc.assert(
      fc.property(flat, usages, usages, (price, left, right) => {
        const together = costNano(price, add(left, right));
        expect(Math.abs(together - costNano(price, left) - costNano(price, right))).toBeLessThanOrEqual(1);
      }),
    );
  });

  test('nothing is charged for a free model', () => {
    expect(costNano(freePrice('mock', 'any', 'local'), usageOf({ inputTokens: 5, outputTokens: 5 }))).toBe(0);
  });
});

describe('costParts', () => {
  test('its parts are positive integers that add up to the cost, so cached parts never exceed it', () => {
    fc.assert(
      fc.property(anyPrice, fc.oneof(usages, junkUsages), (price, usage) => {
        const { total, ...parts } = costParts(price, usage);
        const amounts = Object.values(parts);
        expect(total).toBe(costNano(price, usage));
        expect(amounts.every((amount) => Number.isSafeInteger(amount) && amount > 0)).toBe(true);
        expect(amounts.reduce((sum, amount) => sum + amount, 0)).toBe(total);
        const { cacheRead = 0, cacheWrite = 0, cacheWriteLong = 0, cachedAudio = 0 } = parts;
        expect(cacheRead + cacheWrite + cacheWriteLong + cachedAudio).toBeLessThanOrEqual(total);
      }),
    );
  });

  test('names what the money went to', () => {
    const price = priceOf({ in: 3e6, out: 15e6, cr: 3e5 });
    const usage = usageOf({ inputTokens: 1_000, cacheReadTokens: 900, outputTokens: 10 });
    expect(costParts(price, usage)).toEqual({
      input: 300_000,
      cacheRead: 270_000,
      output: 150_000,
      total: 720_000,
    });
    expect(costParts(freePrice('mock', 'any', 'local'), usage)).toEqual({ total: 0 });
  });
});

describe('maxCostNano', () => {
  test('is never less than what any such request costs', () => {
    fc.assert(
      fc.property(anyPrice, usages, count, count, (price, usage, moreInput, moreOutput) => {
        const bound = maxCostNano(price, usage.inputTokens + moreInput, usage.outputTokens + moreOutput);
        expect(bound).toBeGreaterThanOrEqual(costNano(price, usage));
      }),
    );
  });

  test.each<[keyof PriceRecord, Partial<Usage>]>([
    ['cr', { inputTokens: 9, cacheReadTokens: 9 }],
    ['cw', { inputTokens: 9, cacheWriteTokens: 9 }],
    ['cwl', { inputTokens: 9, cacheWriteLongTokens: 9 }],
    ['ain', { inputTokens: 9, inputAudioTokens: 9 }],
    ['acr', { inputTokens: 9, inputAudioTokens: 9, cacheReadTokens: 9 }],
    ['think', { outputTokens: 9, reasoningTokens: 9 }],
    ['aout', { outputTokens: 9, outputAudioTokens: 9 }],
    ['req', { inputTokens: 9 }],
  ])('allows for the dearest kind of token (%s)', (dear, counts) => {
    const price = priceOf({ in: 1e6, out: 1e6, [dear]: 8e6 });
    const usage = usageOf(counts);
    expect(costNano(price, usage)).toBeGreaterThan(usage.inputTokens * 1000);
    expect(maxCostNano(price, usage.inputTokens, usage.outputTokens)).toBe(costNano(price, usage));
  });

  test('does not reach for tiers that the input cannot reach', () => {
    const price = priceOf({ in: 1e6, out: 2e6, tiers: [{ above: 100, in: 5e6 }] });
    expect(maxCostNano(price, 100, 10)).toBe(100 * 1000 + 10 * 2000);
    expect(maxCostNano(price, 101, 10)).toBe(101 * 5000 + 10 * 2000);
    expect(maxCostNano(freePrice('mock', 'any', 'local'), 1e6, 1e6)).toBe(0);
  });
});

describe('price lists and pieces', () => {
  const piece = fc.integer({ min: 0, max: 1e12 });
  const lists = fc
    .record({
      base: rates,
      batch: rates,
      priority: rates,
      images: piece,
      dear: piece,
      seconds: piece,
      search: piece,
    })
    .map(({ base, batch, priority, images, dear, seconds, search }) =>
      priceOf({
        ...base,
        pieces: { images, inputAudioMs: seconds, webSearches: search },
        variants: { high: { images: dear } },
        services: { batch, priority },
      }),
    );
  const few = fc.integer({ min: 0, max: 5_000 });
  const units = fc.record<UsageUnits>(
    {
      images: few,
      inputAudioMs: few,
      webSearches: few,
      inputImageTokens: few,
      outputImageTokens: few,
      cachedImageTokens: few,
      inputVideoTokens: few,
      variant: fc.constantFrom('high', 'high/1x1', 'low'),
    },
    { requiredKeys: [] },
  );
  const tier = fc.constantFrom<Usage['serviceTier']>(undefined, 'standard', 'batch', 'priority', 'flex');

  test('cost the sum of their lines, rounded once', () => {
    fc.assert(
      fc.property(lists, usages, units, tier, (price, counts, more, serviceTier) => {
        const usage = { ...counts, units: more, serviceTier };
        // In thousandths of a pico-dollar, in which lines by the millisecond are whole.
        const milli = costLines(price, usage).reduce(
          (sum, { count, rate, per }) => sum + (BigInt(count) * BigInt(rate) * 1000n) / BigInt(per),
          0n,
        );
        expect(costNano(price, usage)).toBe(Number((milli + 500_000n) / 1_000_000n));
      }),
    );
  });

  test('are in the bound of a request that asks for them', () => {
    fc.assert(
      fc.property(lists, usages, units, tier, (price, counts, { variant, ...more }, serviceTier) => {
        const usage = { ...counts, units: { ...more, variant: variant ?? 'low' }, serviceTier };
        const totals = [usage.inputTokens + 20_000, usage.outputTokens + 20_000] as const;
        const { images = 0, inputAudioMs = 0, webSearches = 0 } = more;
        const bound = maxCostNano(price, ...totals, {
          tier: serviceTier,
          pieces: { images, inputAudioMs, webSearches },
        });
        expect(bound).toBeGreaterThanOrEqual(costNano(price, usage));
      }),
    );
  });

  test('a list names what it changes, and a tier of the usual one holds in it too', () => {
    const price = priceOf({
      in: 4e6,
      out: 8e6,
      tiers: [{ above: 100, in: 6e6 }],
      services: { flex: { in: 2e6 }, batch: { in: 1e6, tiers: [] } },
    });
    const cost = (inputTokens: number, serviceTier: Usage['serviceTier']): number =>
      costNano(price, usageOf({ inputTokens, outputTokens: 1, serviceTier }));
    expect(cost(10, 'flex')).toBe(10 * 2000 + 8000);
    expect(cost(200, 'flex')).toBe(200 * 6000 + 8000);
    expect(cost(200, 'batch')).toBe(200 * 1000 + 8000);
    expect(cost(10, 'priority')).toBe(cost(10, undefined));
  });

  test('a picture is billed by its tokens or as a picture, never as both', () => {
    const pieces = { images: 4e10 };
    const made = usageOf({ outputTokens: 100, units: { images: 1 } });
    expect(costNano(priceOf({ in: 1e6, out: 2e6, pieces }), made)).toBe(100 * 2000);
    expect(costNano(priceOf({ pieces }), made)).toBe(4e7);
    expect(costNano(priceOf({ in: 1e6, out: 2e6, pieces }), usageOf({ units: { images: 2 } }))).toBe(8e7);
  });

  test('a provider that claims a million pictures does not make the sum inexact', () => {
    const price = priceOf({ pieces: { images: 1e13, videoMs: 1e13 } });
    const cost = costNano(price, usageOf({ units: { images: 1e15, videoMs: 1e15 } }));
    expect(cost).toBe(2e13);
  });
});

test('exactNano adds thousandths before it rounds', () => {
  const half = { kind: 'input', count: 1, rate: 500, per: 1 } as const;
  expect(exactNano([])).toBe(0);
  expect(exactNano([half])).toBe(1);
  expect(exactNano([half, half, half])).toBe(2);
});

describe('variants of all tokens', () => {
  // https://docs.anthropic.com/en/about-claude/pricing: fast mode and US-only inference multiply every token, searches not.
  const price = priceOf({
    in: 5_000_000,
    out: 25_000_000,
    cr: 500_000,
    pieces: { webSearches: 10_000_000_000 },
    factors: { us: 1100, fast: 2000 },
  });
  const usage = (units?: UsageUnits): Usage =>
    usageOf({ inputTokens: 1000, cacheReadTokens: 400, outputTokens: 100, ...(units && { units }) });

  test.each([
    [undefined, 600 * 5000 + 400 * 500 + 100 * 25_000],
    ['us', (600 * 5000 + 400 * 500 + 100 * 25_000) * 1.1],
    ['fast', (600 * 5000 + 400 * 500 + 100 * 25_000) * 2],
    ['fast/us', (600 * 5000 + 400 * 500 + 100 * 25_000) * 2.2],
    ['eu', 600 * 5000 + 400 * 500 + 100 * 25_000],
  ])('%s', (variant, nanos) => {
    expect(costNano(price, usage(variant === undefined ? undefined : { variant }))).toBe(Math.round(nanos));
  });

  test('leave what is billed by the piece as it is', () => {
    const searched = costNano(price, usage({ variant: 'fast', webSearches: 1 }));
    expect(searched - costNano(price, usage({ variant: 'fast' }))).toBe(10_000_000);
  });

  test('are in the bound when they are asked for', () => {
    const most = maxCostNano(price, 1000, 100, { variant: 'fast/us' });
    expect(most).toBe(Math.round((1000 * 5000 + 100 * 25_000) * 2.2));
    expect(most).toBeGreaterThanOrEqual(costNano(price, usage({ variant: 'fast/us' })));
  });
});

test('a batch of many short requests is not priced as one long request', () => {
  // The sum of a batch's tokens passed the threshold of long prompts, which none of its requests did.
  const price = priceOf({
    in: 2_000_000,
    out: 10_000_000,
    tiers: [{ above: 200_000, in: 4_000_000, out: 15_000_000 }],
    services: {
      batch: { in: 1_000_000, out: 5_000_000, tiers: [{ above: 200_000, in: 2_000_000, out: 7_500_000 }] },
    },
  });
  const usage = usageOf({ inputTokens: 1_000_000, outputTokens: 10_000, serviceTier: 'batch' });
  expect(costNano(price, { ...usage, requests: 100 })).toBe(1_000_000 * 1000 + 10_000 * 5000);
  expect(costNano(price, { ...usage, requests: 4 })).toBe(1_000_000 * 2000 + 10_000 * 7500);
  expect(costNano(price, usage)).toBe(1_000_000 * 2000 + 10_000 * 7500);
});
