import type { FoundRow } from './catalog.js';
import type { PieceRates } from './price-row.js';
import { type ModelPrice, modelPrice } from './rates.js';
import { priceAt } from './schedule.js';

/** A price and the half-open time `from <= t < until`, ms since the epoch, for which it is known to hold. */
export interface TimedPrice {
  readonly price: ModelPrice;
  readonly from: number;
  readonly until: number;
}

/**
 * The price of the best row, and from the others what it does not speak of: other price lists, and pieces. Tokens are
 * never put together from two sources. Null when no row has a price.
 */
export function mergedPrice(provider: string, rows: readonly FoundRow[], at: number): TimedPrice | null {
  const priced: TimedPrice[] = [];
  for (const { source, id, row } of rows) {
    if (row.price === undefined) continue;
    const { price, from, until } = priceAt(row.price, at);
    priced.push({ price: modelPrice(provider, id, source, price), from, until });
  }
  const best = priced.find(({ price }) => price.perToken) ?? priced[0];
  if (best === undefined) return null;
  const others = priced.filter((one) => one !== best).map(({ price }) => price);
  return others.length === 0 ? best : { ...best, price: completed(best.price, others) };
}

function completed(price: ModelPrice, others: readonly ModelPrice[]): ModelPrice {
  const withServices = price.services === null ? others.find(({ services }) => services !== null) : undefined;
  return {
    ...price,
    services: withServices?.services ?? price.services,
    servicesFrom: withServices?.source ?? null,
    pieces: others.reduce((pieces, other) => withMissing(pieces, other.pieces), price.pieces),
    factors: price.factors ?? others.find(({ factors }) => factors !== null)?.factors ?? null,
    variants: price.variants ?? others.find(({ variants }) => variants !== null)?.variants ?? null,
  };
}

/** A search is billed by the query or by the answer, never by both. */
function withMissing(pieces: PieceRates | null, more: PieceRates | null): PieceRates | null {
  if (pieces === null || more === null) return pieces ?? more;
  const { webSearches, groundings, ...others } = more;
  const searches = {
    ...(webSearches !== undefined && { webSearches }),
    ...(groundings !== undefined && { groundings }),
  };
  const told = pieces.webSearches !== undefined || pieces.groundings !== undefined;
  return { ...others, ...(!told && searches), ...pieces };
}
