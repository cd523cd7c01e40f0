import type { RateRecord } from './price-row.js';
import { freePrice, MAX_RATE, type ModelPrice, modelPrice } from './rates.js';

/** A price the operator sets, in dollars per million tokens. Cache rates left out cost what input costs. */
interface PriceOverride {
  input_per_million_usd: number;
  output_per_million_usd: number;
  cache_read_per_million_usd?: number | undefined;
  cache_write_per_million_usd?: number | undefined;
}

/** Prices from the config, keyed `provider/model`, or `provider/*` for every model of a provider. */
export type PriceOverrides = Readonly<Record<string, PriceOverride>>;

const FIELDS = {
  input_per_million_usd: 'in',
  output_per_million_usd: 'out',
  cache_read_per_million_usd: 'cr',
  cache_write_per_million_usd: 'cw',
} as const satisfies Record<keyof PriceOverride, keyof RateRecord>;

/** `provider/model` in lower case → price. A price of zero is a free model: the operator said so. */
export function compileOverrides(overrides: PriceOverrides): Map<string, ModelPrice> {
  const compiled = new Map<string, ModelPrice>();
  for (const [key, override] of Object.entries(overrides)) {
    const slash = key.indexOf('/');
    if (slash < 1 || slash === key.length - 1) {
      throw new RangeError(`price of "${key}": expected a key of the form provider/model or provider/*`);
    }
    const record = toRecord(key, override);
    const provider = key.slice(0, slash);
    const model = key.slice(slash + 1);
    const isFree = Object.values(record).every((rate) => rate === 0);
    const price = isFree
      ? freePrice(provider, model, 'config')
      : modelPrice(provider, model, 'config', record);
    compiled.set(key.toLowerCase(), price);
  }
  return compiled;
}

function toRecord(key: string, override: PriceOverride): RateRecord {
  const record: RateRecord = {};
  for (const [field, short] of Object.entries(FIELDS) as [keyof PriceOverride, keyof RateRecord][]) {
    const usd = override[field];
    if (usd === undefined && (short === 'cr' || short === 'cw')) continue;
    const rate = typeof usd === 'number' ? Math.round(usd * 1e6) : Number.NaN;
    if (!(rate >= 0 && rate <= MAX_RATE)) {
      throw new RangeError(
        `price of "${key}": ${field} must be from 0 to ${MAX_RATE / 1e6} dollars, got ${usd}`,
      );
    }
    record[short] = rate;
  }
  return record;
}
