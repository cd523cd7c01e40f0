import { addUnits, emptyUsage, TOKEN_COUNTS, USAGE_UNITS, type Usage } from '@headgate/sdk';
import { costNano } from '../catalog/prices/cost.js';
import type { PriceTable } from '../catalog/prices/price-table.js';

/** A running sum of usage and cost. */
export class Tally {
  usage: Usage | null = null;
  /** Nano-dollars; null as long as nothing with a price was used. */
  costNano: number | null = null;

  add(usage: Usage, cost: number | null): void {
    const sum = (this.usage ??= emptyUsage());
    for (const kind of TOKEN_COUNTS) sum[kind] += usage[kind];
    if (usage.units !== undefined)
      for (const unit of USAGE_UNITS) addUnits(sum, unit, usage.units[unit] ?? 0);
    sum.serviceTier ??= usage.serviceTier;
    if (cost !== null) this.costNano = (this.costNano ?? 0) + cost;
  }
}

/** Nano-dollars of what a model used, by the prices of now; null when it has none. */
export function priced(prices: PriceTable, provider: string, model: string, usage: Usage): number | null {
  const price = prices.find(provider, model);
  return price === null ? null : costNano(price, usage);
}
