import type { PriceRecord, RateRecord } from './price-row.js';

/** Pico-dollars per token, every rate filled in; constant shape. */
export interface Rates {
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  readonly cacheWriteLong: number;
  readonly reasoning: number;
  readonly inputAudio: number;
  readonly outputAudio: number;
  /** Audio tokens read from the prompt cache. */
  readonly cachedAudio: number;
}

/** Rates of a whole request that has more than `above` input tokens. */
interface Tier {
  readonly above: number;
  readonly rates: Rates;
}

/** What a model costs, ready to multiply. */
export interface ModelPrice {
  /** Provider id as it was asked for. */
  readonly provider: string;
  /** Model id of the source that matched, which may be shorter than the name asked for. */
  readonly model: string;
  readonly source: 'genai-prices' | 'litellm' | 'config' | 'local';
  /** Known to cost nothing, which is not the same as a price nobody knows (that is `null`). */
  readonly free: boolean;
  /** Pico-dollars per answered request, on top of its tokens. */
  readonly perRequest: number;
  readonly rates: Rates;
  /** Ascending by `above`; null when one rate set holds for every length. */
  readonly tiers: readonly Tier[] | null;
}

/**
 * The largest rate accepted, $1,000 per million tokens. With the caps of `token-count.ts` on every count, even a
 * usage that overstates all of them costs less than 2^53 nano-dollars: the sum stays an exact double.
 */
export const MAX_RATE = 1e9;

/** A part without a price of its own costs what the whole it belongs to costs, as both sources have it. */
export function fillRates(record: RateRecord): Rates {
  const input = record.in ?? 0;
  const output = record.out ?? 0;
  const cacheRead = record.cr ?? input;
  const cacheWrite = record.cw ?? input;
  return {
    input,
    output,
    cacheRead,
    cacheWrite,
    cacheWriteLong: record.cwl ?? cacheWrite,
    reasoning: record.think ?? output,
    inputAudio: record.ain ?? input,
    outputAudio: record.aout ?? output,
    cachedAudio: record.acr ?? cacheRead,
  };
}

export function modelPrice(
  provider: string,
  model: string,
  source: ModelPrice['source'],
  record: PriceRecord,
): ModelPrice {
  const tiers = record.tiers?.map(({ above, ...changed }) => ({
    above,
    rates: fillRates({ ...record, ...changed }),
  }));
  return {
    provider,
    model,
    source,
    free: false,
    perRequest: record.req ?? 0,
    rates: fillRates(record),
    tiers: tiers ?? null,
  };
}

/** A price of nothing, for local servers and for models that their provider gives away. */
export function freePrice(provider: string, model: string, source: ModelPrice['source']): ModelPrice {
  return { ...modelPrice(provider, model, source, {}), free: true };
}

/** The rates in force for a request with so many input tokens. */
export function ratesFor(price: ModelPrice, inputTokens: number): Rates {
  let rates = price.rates;
  if (price.tiers !== null) {
    for (const tier of price.tiers) {
      if (inputTokens <= tier.above) break;
      rates = tier.rates;
    }
  }
  return rates;
}
