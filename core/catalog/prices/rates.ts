import type { ServiceTier } from '@headgate/sdk';
import type { PieceRates, PriceRecord, RateList, RateRecord } from './price-row.js';

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
  readonly inputImage: number;
  readonly outputImage: number;
  readonly cachedImage: number;
  readonly inputVideo: number;
  readonly outputVideo: number;
  readonly citation: number;
}

/** Rates of a whole request that has more than `above` input tokens. */
interface Tier {
  readonly above: number;
  readonly rates: Rates;
}

/** One price list of a model, ready to multiply. */
export interface PriceList {
  readonly rates: Rates;
  /** Ascending by `above`; null when one rate set holds for every length. */
  readonly tiers: readonly Tier[] | null;
  /** What is billed by the piece; null when nothing is. */
  readonly pieces: PieceRates | null;
}

export type PriceSource = 'genai-prices' | 'litellm' | 'config' | 'local';

/** What a model costs. */
export interface ModelPrice extends PriceList {
  /** Provider id as it was asked for. */
  readonly provider: string;
  /** Model id of the source that matched, which may be shorter than the name asked for. */
  readonly model: string;
  readonly source: PriceSource;
  /** Known to cost nothing, which is not the same as a price nobody knows (that is `null`). */
  readonly free: boolean;
  /** Whether tokens have a price at all; a model billed by the picture alone has none. */
  readonly perToken: boolean;
  /** Pico-dollars per answered request, on top of its tokens. */
  readonly perRequest: number;
  /** Price lists other than the standard one; null when there are none. */
  readonly services: ReadonlyMap<ServiceTier, PriceList> | null;
  /** Source of `services` when it is another one. */
  readonly servicesFrom: PriceSource | null;
  /** Pieces by variant; null when all cost the same. */
  readonly variants: ReadonlyMap<string, PieceRates> | null;
  /** Thousandths of the rates of tokens by variant; null when there are none. */
  readonly factors: ReadonlyMap<string, number> | null;
}

/**
 * The largest rate of a token that is accepted, $1,000 per million tokens. With the caps of `token-count.ts` on every
 * count, even a usage that overstates all of them costs less than 2^53 nano-dollars: the sum stays an exact double.
 */
export const MAX_RATE = 1e9;

/** The largest rate of a piece, $10,000. */
export const MAX_PIECE_RATE = 1e16;

/** A part without a price of its own costs what the whole it belongs to costs, as both sources have it. */
export function fillRates(record: RateRecord): Rates {
  const input = record.in ?? 0;
  // Models that make nothing but pictures, or sound, have no rate for text.
  const output = record.out ?? record.iout ?? record.aout ?? 0;
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
    inputImage: record.iin ?? input,
    outputImage: record.iout ?? output,
    cachedImage: record.icr ?? cacheRead,
    inputVideo: record.vin ?? input,
    outputVideo: record.vout ?? output,
    citation: record.cite ?? 0,
  };
}

function priceList(record: RateList): PriceList {
  const { tiers, pieces } = record;
  return {
    rates: fillRates(record),
    tiers:
      tiers?.map(({ above, ...changed }) => ({ above, rates: fillRates({ ...record, ...changed }) })) ?? null,
    pieces: pieces ?? null,
  };
}

export function modelPrice(
  provider: string,
  model: string,
  source: PriceSource,
  record: PriceRecord,
): ModelPrice {
  const { services, variants, factors, req = 0 } = record;
  const { rates, tiers, pieces } = priceList(record);
  return {
    provider,
    model,
    source,
    free: false,
    perToken: hasTokenRates(rates) || (tiers?.some((tier) => hasTokenRates(tier.rates)) ?? false),
    perRequest: req,
    rates,
    tiers,
    pieces,
    services: services === undefined ? null : serviceLists(record, services),
    servicesFrom: null,
    variants: variants === undefined ? null : new Map(Object.entries(variants)),
    factors: factors === undefined ? null : new Map(Object.entries(factors)),
  };
}

/** What a list does not name is as in the standard one, its tiers included. */
function serviceLists(
  record: PriceRecord,
  services: NonNullable<PriceRecord['services']>,
): ReadonlyMap<ServiceTier, PriceList> {
  const lists = Object.entries(services) as [ServiceTier, RateList][];
  return new Map(
    lists.map(([name, list]) => [
      name,
      priceList({ ...record, ...list, pieces: { ...record.pieces, ...list.pieces } }),
    ]),
  );
}

function hasTokenRates(rates: Rates): boolean {
  return Object.values(rates).some((rate) => rate > 0);
}

/** A price of nothing, for local servers and for models that their provider gives away. */
export function freePrice(provider: string, model: string, source: PriceSource): ModelPrice {
  return { ...modelPrice(provider, model, source, {}), free: true };
}

/** The rates in force for a request with so many input tokens. */
export function ratesFor(price: PriceList, inputTokens: number): Rates {
  let rates = price.rates;
  if (price.tiers !== null) {
    for (const tier of price.tiers) {
      if (inputTokens <= tier.above) break;
      rates = tier.rates;
    }
  }
  return rates;
}

/**
 * Thousandths that the rates of tokens are multiplied by, for a variant such as `fast/us`: words that have no factor say
 * something else.
 */
export function factorOf({ factors }: ModelPrice, variant: string | undefined): number {
  if (factors === null || variant === undefined) return 1000;
  return variant
    .split('/')
    .reduce((all, word) => Math.round((all * (factors.get(word) ?? 1000)) / 1000), 1000);
}

/** The price list of a service tier; the standard one where the model has none of that name. */
export function listFor(price: ModelPrice, tier: ServiceTier | undefined): PriceList {
  return (tier === undefined ? undefined : price.services?.get(tier)) ?? price;
}
