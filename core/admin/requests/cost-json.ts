import type { SettledRecord } from '@headgate/sdk';
import { costParts } from '../../catalog/prices/cost-parts.js';
import type { PriceTable } from '../../catalog/prices/price-table.js';
import { usdText } from '../../money.js';

/** What a request cost, in exact decimal dollars. */
export interface CostJson {
  readonly total_usd: string;
  /** By what was paid for, without what cost nothing; they add up to the total. Null: not known, `why` says so. */
  readonly parts: Readonly<Record<string, string>> | null;
  readonly why?: string;
}

/**
 * The cost with its parts, which no record has: they are found again in the price of the time of arrival. Null when the
 * record has no cost.
 */
export function costJson(record: SettledRecord, prices: () => PriceTable): CostJson | null {
  const { costNano, usage, provider, targetModel, time } = record;
  if (costNano === null) return null;
  const total_usd = usdText(costNano);
  if (costNano === 0) return { total_usd, parts: {} };
  const unknown = (why: string): CostJson => ({ total_usd, parts: null, why });
  if (usage === null) return unknown('the record has no usage to split it by');
  const price = prices().find(provider, targetModel, time);
  if (price === null) return unknown(`no price of "${provider}/${targetModel}" is known any more`);
  const { total, ...parts } = costParts(price, usage);
  // Tries that came to nothing and turns of a live session were each charged alone, and a price may have been changed.
  if (total !== costNano)
    return unknown(
      `by the price that is known now it would be ${usdText(total)}: the price was changed since, or several answers were charged`,
    );
  return {
    total_usd,
    parts: Object.fromEntries(Object.entries(parts).map(([kind, nano]) => [snake(kind), usdText(nano)])),
  };
}

function snake(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
