import type { JsonObject } from '@headgate/sdk';
import { PIECE_FIELDS, TOKEN_FIELDS } from './prices/override.js';
import type { PieceRates } from './prices/price-row.js';
import type { ModelPrice, PriceList, Rates } from './prices/rates.js';

/** Rates by the short names of `TOKEN_FIELDS`, and the rate that each of them is when it is nothing of its own. */
const RATES = {
  in: ['input', null],
  out: ['output', null],
  cr: ['cacheRead', 'input'],
  cw: ['cacheWrite', 'input'],
  cwl: ['cacheWriteLong', 'cacheWrite'],
  think: ['reasoning', 'output'],
  ain: ['inputAudio', 'input'],
  aout: ['outputAudio', 'output'],
  acr: ['cachedAudio', 'cacheRead'],
  iin: ['inputImage', 'input'],
  iout: ['outputImage', 'output'],
  icr: ['cachedImage', 'cacheRead'],
  vin: ['inputVideo', 'input'],
  vout: ['outputVideo', 'output'],
  cite: ['citation', null],
} as const satisfies Record<string, readonly [keyof Rates, keyof Rates | null]>;

/**
 * A price in the words in which the configuration sets one, so that it can be copied there. Rates that follow from others
 * are left out.
 */
export function priceView(price: ModelPrice): JsonObject {
  const { variants, services, perRequest } = price;
  return {
    ...(price.perToken || price.free ? listView(price) : piecesView(price.pieces)),
    ...(perRequest > 0 && { request_usd: perRequest / 1e12 }),
    ...(services !== null && {
      service_tiers: Object.fromEntries([...services].map(([name, list]) => [name, listView(list)])),
    }),
    ...(variants !== null && {
      variants: Object.fromEntries([...variants].map(([name, pieces]) => [name, piecesView(pieces)])),
    }),
  };
}

function listView({ rates, tiers, pieces }: PriceList): JsonObject {
  return {
    ...ratesView(rates),
    ...(tiers !== null &&
      tiers.length > 0 && {
        above: tiers.map((tier) => ({ input_tokens: tier.above, ...ratesView(tier.rates) })),
      }),
    ...piecesView(pieces),
  };
}

function ratesView(rates: Rates): JsonObject {
  const said: JsonObject = {};
  for (const [field, short] of Object.entries(TOKEN_FIELDS)) {
    const [name, whole] = RATES[short];
    const always = short === 'in' || short === 'out';
    if (always || rates[name] !== (whole === null ? 0 : rates[whole])) said[field] = rates[name] / 1e6;
  }
  return said;
}

function piecesView(pieces: PieceRates | null): JsonObject {
  const said: JsonObject = {};
  for (const [field, unit] of Object.entries(PIECE_FIELDS)) {
    const rate = pieces?.[unit];
    if (rate !== undefined) said[field] = rate / 1e12;
  }
  return said;
}

/**
 * The most usual rates as OpenRouter's list of models has them: dollars for one token, request, picture or search, as
 * decimal texts. https://openrouter.ai/docs/api-reference/list-available-models
 */
export function openrouterPricing({ rates, perRequest, pieces }: ModelPrice): Record<string, string> {
  return {
    prompt: exactUsd(rates.input),
    completion: exactUsd(rates.output),
    request: exactUsd(perRequest),
    image: exactUsd(pieces?.images ?? 0),
    web_search: exactUsd(pieces?.webSearches ?? pieces?.groundings ?? 0),
    internal_reasoning: exactUsd(rates.reasoning),
    input_cache_read: exactUsd(rates.cacheRead),
    input_cache_write: exactUsd(rates.cacheWrite),
  };
}

/** Pico-dollars as an exact decimal number of dollars: 2500000 → "0.0000025". */
export function exactUsd(pico: number): string {
  const digits = String(pico).padStart(13, '0');
  const fraction = digits.slice(-12).replace(/0+$/, '');
  return fraction === '' ? digits.slice(0, -12) : `${digits.slice(0, -12)}.${fraction}`;
}
