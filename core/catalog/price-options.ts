import type { Config } from '../config/config.js';
import type { PriceTableOptions } from './prices/price-table.js';

/** What a configuration says of prices: its own, and which provider has those of which row. */
export function priceOptions(config: Pick<Config, 'providers' | 'prices'>): PriceTableOptions {
  const providers = [...config.providers.values()];
  return {
    overrides: config.prices,
    priceIds: new Map(providers.map(({ id, priceId }) => [id, priceId])),
    freeProviders: providers.filter(({ free }) => free).map(({ id }) => id),
  };
}
