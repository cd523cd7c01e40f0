import { priceOptions } from '../catalog/price-options.js';
import { PriceTable } from '../catalog/prices/price-table.js';
import type { Config } from '../config/config.js';

/** The prices by the configuration in use. Read when somebody asks for the first time; the I/O threads have tables of their own. */
export function knownPrices(config: () => Config): () => PriceTable {
  let all: PriceTable | null = null;
  let last: { readonly config: Config; readonly prices: PriceTable } | null = null;
  return () => {
    const now = config();
    if (last?.config === now) return last.prices;
    all ??= PriceTable.load();
    last = { config: now, prices: all.with(priceOptions(now)) };
    return last.prices;
  };
}
