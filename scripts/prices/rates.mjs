// What both sources have in common: dollars become integer pico-dollars, and tiers name only what they change.

/** Above this, $1,000 per million tokens, a rate is a slip in the source (a price per thousand, say). */
const IMPLAUSIBLE = 1e9;
/** A dollar a character is none either, nor are $10,000 for a picture. */
const IMPLAUSIBLE_PIECE = 1e16;

export const pico = (usd) => Math.round(usd * 1e12);
export const isRate = (value) => typeof value === 'number' && Number.isFinite(value) && value >= 0;
export const nonEmpty = (object) => Object.keys(object).length > 0;

/** Rates of `tiers` that differ from `base`; a tier applies to a whole request above that many input tokens. */
export function withTiers(base, tiers) {
  const kept = [];
  for (const [above, rates] of [...tiers].sort(([a], [b]) => a - b)) {
    const changed = Object.fromEntries(Object.entries(rates).filter(([key, rate]) => base[key] !== rate));
    // A tier equal to the base still ends the one below it.
    if (nonEmpty(changed) || kept.length > 0) kept.push({ above, ...changed });
  }
  return kept.length > 0 ? { ...base, tiers: kept } : base;
}

function tokenRates({
  tiers = [],
  pieces: _pieces,
  req: _perRequest,
  services: _services,
  variants: _variants,
  ...base
}) {
  return [base, ...tiers.map(({ above: _threshold, ...rates }) => rates)].flatMap(Object.values);
}

const pieceRates = ({ pieces = {}, variants = {} }) =>
  [pieces, ...Object.values(variants)].flatMap(Object.values);

export function isPlausible(price) {
  const lists = [price, ...Object.values(price.services ?? {})];
  return lists.every(
    (list) =>
      tokenRates(list).every((rate) => rate <= IMPLAUSIBLE) &&
      pieceRates(list).every((rate) => rate <= IMPLAUSIBLE_PIECE),
  );
}

export const isZero = (price) =>
  [...tokenRates(price), ...pieceRates(price)].every((rate) => rate === 0) && !price.req;
