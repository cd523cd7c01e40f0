import type { Capability } from './capabilities.js';
import type { ModelInfo } from './model-info.js';
import type { PieceRates, PriceRecord, RateList, RateRecord } from './price-row.js';
import { freePrice, MAX_PIECE_RATE, MAX_RATE, type ModelPrice, modelPrice } from './rates.js';

/** Dollars per million tokens of each kind. */
export const TOKEN_FIELDS = {
  input_per_million_usd: 'in',
  output_per_million_usd: 'out',
  cache_read_per_million_usd: 'cr',
  cache_write_per_million_usd: 'cw',
  cache_write_1h_per_million_usd: 'cwl',
  reasoning_per_million_usd: 'think',
  audio_input_per_million_usd: 'ain',
  audio_output_per_million_usd: 'aout',
  cached_audio_per_million_usd: 'acr',
  image_input_per_million_usd: 'iin',
  image_output_per_million_usd: 'iout',
  cached_image_per_million_usd: 'icr',
  video_input_per_million_usd: 'vin',
  video_output_per_million_usd: 'vout',
  citation_per_million_usd: 'cite',
} as const satisfies Record<string, keyof RateRecord>;

/** Dollars for one of each. */
export const PIECE_FIELDS = {
  image_usd: 'images',
  audio_input_second_usd: 'inputAudioMs',
  audio_output_second_usd: 'outputAudioMs',
  video_second_usd: 'videoMs',
  character_usd: 'characters',
  page_usd: 'pages',
  annotated_page_usd: 'annotatedPages',
  search_unit_usd: 'searchUnits',
  web_search_usd: 'webSearches',
  grounding_usd: 'groundings',
  file_search_usd: 'fileSearches',
  map_search_usd: 'mapSearches',
  code_session_usd: 'codeSessions',
} as const satisfies Record<string, keyof PieceRates>;

type TokenField = keyof typeof TOKEN_FIELDS;
type PieceField = keyof typeof PIECE_FIELDS;
type Amounts<F extends string> = { readonly [field in F]?: number | undefined };

/** A price list as an operator writes it. What is left out costs what the whole it belongs to costs. */
interface ListOverride extends Amounts<TokenField>, Amounts<PieceField> {
  readonly above?: readonly (Amounts<TokenField> & { readonly input_tokens: number })[] | undefined;
}

export interface PriceOverride extends ListOverride {
  readonly request_usd?: number | undefined;
  readonly service_tiers?:
    | {
        readonly [tier in 'batch' | 'flex' | 'priority' | 'balanced' | 'ultrafast']?:
          | ListOverride
          | undefined;
      }
    | undefined;
  readonly variants?: Readonly<Record<string, Amounts<PieceField>>> | undefined;
  readonly context_window?: number | undefined;
  readonly max_output_tokens?: number | undefined;
  readonly capabilities?: readonly Capability[] | undefined;
}

/** What the config says of models, keyed `provider/model`, or `provider/*` for every model of a provider. */
export type PriceOverrides = Readonly<Record<string, PriceOverride>>;

export interface CompiledOverride {
  /** Null when it says nothing of prices: those of the sources hold. */
  readonly price: ModelPrice | null;
  readonly info: Partial<ModelInfo> | undefined;
}

/** `provider/model` in lower case → what is said of it. A price of zero is a free model: the operator said so. */
export function compileOverrides(overrides: PriceOverrides): Map<string, CompiledOverride> {
  const compiled = new Map<string, CompiledOverride>();
  for (const [key, override] of Object.entries(overrides)) {
    const slash = key.indexOf('/');
    if (slash < 1 || slash === key.length - 1) {
      throw new RangeError(`price of "${key}": expected a key of the form provider/model or provider/*`);
    }
    const price = priceOf(key, override, key.slice(0, slash), key.slice(slash + 1));
    compiled.set(key.toLowerCase(), { price, info: infoOf(override) });
  }
  return compiled;
}

function priceOf(key: string, override: PriceOverride, provider: string, model: string): ModelPrice | null {
  const { request_usd: request, service_tiers: services, variants } = override;
  const record: PriceRecord = listOf(key, override);
  if (request !== undefined)
    record.req = pico({ key, field: 'request_usd', usd: request, per: 1, most: MAX_PIECE_RATE });
  if (services !== undefined)
    record.services = Object.fromEntries(
      Object.entries(services).map(([tier, list]) => [
        tier,
        listOf(`${key} service_tiers.${tier}`, list ?? {}),
      ]),
    );
  if (variants !== undefined)
    record.variants = Object.fromEntries(
      Object.entries(variants).map(([name, pieces]) => [name, piecesOf(`${key} variants.${name}`, pieces)]),
    );
  if (Object.keys(record).length === 0) return null;
  return JSON.stringify(record).match(/:[1-9]/) === null
    ? freePrice(provider, model, 'config')
    : modelPrice(provider, model, 'config', record);
}

function listOf(key: string, list: ListOverride): RateList {
  const record: RateList = ratesOf(key, list);
  const pieces = piecesOf(key, list);
  if (Object.keys(pieces).length > 0) record.pieces = pieces;
  if (list.above !== undefined)
    record.tiers = list.above
      .map(({ input_tokens: above, ...rates }) => ({ above, ...ratesOf(key, rates) }))
      .sort((a, b) => a.above - b.above);
  return record;
}

function ratesOf(key: string, amounts: Amounts<TokenField>): RateRecord {
  const record: RateRecord = {};
  for (const [field, short] of Object.entries(TOKEN_FIELDS) as [TokenField, keyof RateRecord][]) {
    const usd = amounts[field];
    if (usd !== undefined) record[short] = pico({ key, field, usd, per: 1e6, most: MAX_RATE });
  }
  return record;
}

function piecesOf(key: string, amounts: Amounts<PieceField>): PieceRates {
  const pieces: PieceRates = {};
  for (const [field, unit] of Object.entries(PIECE_FIELDS) as [PieceField, keyof PieceRates][]) {
    const usd = amounts[field];
    if (usd !== undefined) pieces[unit] = pico({ key, field, usd, per: 1, most: MAX_PIECE_RATE });
  }
  return pieces;
}

interface Amount {
  readonly key: string;
  readonly field: string;
  readonly usd: number;
  /** For how many of them the dollars are. */
  readonly per: number;
  /** The largest rate, pico-dollars for one. */
  readonly most: number;
}

function pico({ key, field, usd, per, most }: Amount): number {
  const rate = Math.round((usd * 1e12) / per);
  if (rate >= 0 && rate <= most) return rate;
  const dollars = (most * per) / 1e12;
  throw new RangeError(`price of "${key}": ${field} must be from 0 to ${dollars} dollars, got ${usd}`);
}

function infoOf(override: PriceOverride): Partial<ModelInfo> | undefined {
  const { context_window: window, max_output_tokens: most, capabilities } = override;
  if (window === undefined && most === undefined && capabilities === undefined) return undefined;
  return {
    ...(window !== undefined && { contextWindow: window }),
    ...(most !== undefined && { maxOutputTokens: most }),
    ...(capabilities !== undefined && { capabilities }),
  };
}
