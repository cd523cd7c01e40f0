import type { ServiceTier, UsageUnit } from '@headgate/sdk';
import { exactNano } from './exact-nano.js';
import { PIECE_UNITS, type PieceUnit } from './price-row.js';
import { factorOf, type ModelPrice, type PriceList, type Rates } from './rates.js';
import { tokenCount } from './token-count.js';

/** What a request may reach beside tokens at the standard price. */
export interface Reach {
  /** The price list it asks for; `any` when the provider chooses. The standard one may be used all the same. */
  readonly tier?: ServiceTier | 'any' | undefined;
  /** What it asks for of several prices, such as `fast/us`. */
  readonly variant?: string | undefined;
  /** The most it can use by the piece. */
  readonly pieces?: { readonly [unit in UsageUnit]?: number } | undefined;
}

/** Price lists that a provider never chooses by itself. */
const ON_DEMAND: ReadonlySet<ServiceTier> = new Set(['batch', 'ultrafast']);

/**
 * The most that a request of at most `inputTokens` and `maxOutputTokens` can cost, in integer nano-dollars: for a
 * reservation made before the answer tells how its tokens divide into cached, audio and reasoning ones.
 *
 * Every input token is charged at the dearest input rate and every output token at the dearest output rate of any
 * tier within reach (on Anthropic that is the one-hour cache write, twice the plain rate), pieces at the dearest of
 * their variants. It is a bound for any usage whose parts stay within its totals.
 */
export function maxCostNano(
  price: ModelPrice,
  inputTokens: number,
  maxOutputTokens: number,
  reach: Reach = {},
): number {
  if (price.free) return 0;
  const input = tokenCount(inputTokens);
  let inputRate = 0;
  let outputRate = 0;
  for (const list of listsWithin(price, reach.tier)) {
    inputRate = Math.max(inputRate, dearestInput(list.rates));
    outputRate = Math.max(outputRate, dearestOutput(list.rates));
    for (const tier of list.tiers ?? []) {
      if (input <= tier.above) break;
      inputRate = Math.max(inputRate, dearestInput(tier.rates));
      outputRate = Math.max(outputRate, dearestOutput(tier.rates));
    }
  }
  const factor = factorOf(price, reach.variant);
  inputRate = Math.ceil((inputRate * factor) / 1000);
  outputRate = Math.ceil((outputRate * factor) / 1000);
  return exactNano([
    { kind: 'input', count: input, rate: inputRate, per: 1 },
    { kind: 'output', count: tokenCount(maxOutputTokens), rate: outputRate, per: 1 },
    { kind: 'request', count: 1, rate: price.perRequest, per: 1 },
    ...Object.entries(reach.pieces ?? {}).map(([unit, count]) => ({
      kind: unit as PieceUnit,
      count: tokenCount(count),
      rate: dearestPiece(price, unit as PieceUnit),
      per: PIECE_UNITS[unit as PieceUnit] ?? 1,
    })),
  ]);
}

function listsWithin(price: ModelPrice, tier: Reach['tier']): readonly PriceList[] {
  if (tier === undefined || tier === 'standard' || price.services === null) return [price];
  if (tier !== 'any') return [price, price.services.get(tier) ?? price];
  return [price, ...[...price.services].filter(([name]) => !ON_DEMAND.has(name)).map(([, list]) => list)];
}

function dearestPiece(price: ModelPrice, unit: PieceUnit): number {
  const variants = [...(price.variants?.values() ?? [])].map((pieces) => pieces[unit] ?? 0);
  return Math.max(price.pieces?.[unit] ?? 0, ...variants);
}

function dearestInput(rates: Rates): number {
  const { input, cacheRead, cacheWrite, cacheWriteLong, inputAudio, cachedAudio } = rates;
  const { inputImage, cachedImage, inputVideo } = rates;
  const text = Math.max(input, cacheRead, cacheWrite, cacheWriteLong);
  return Math.max(text, inputAudio, cachedAudio, inputImage, cachedImage, inputVideo);
}

function dearestOutput(rates: Rates): number {
  return Math.max(rates.output, rates.reasoning, rates.outputAudio, rates.outputImage, rates.outputVideo);
}
