import type { Usage } from '@headgate/sdk';
import { costNano } from './catalog/prices/cost.js';
import type { Exchange } from './exchange.js';
import { sumOf } from './sum-of-usage.js';

/** What tries of a request used that came to nothing, and were charged by their providers all the same. */
export interface Spent {
  usage: Usage;
  /** Nano-dollars, each at the price of its own target; null when none of them has one. */
  nano: number | null;
}

/** Books a usage of the running try to what was spent in vain. The request may still be answered by another target. */
export function spend(x: Exchange, usage: Usage | null): void {
  const { target, spent } = x;
  if (usage === null || target === null) return;
  const price = x.runtime.prices.find(target.provider.id, target.model, x.receivedAt);
  const cost = price === null ? null : costNano(price, usage);
  if (spent === null) {
    x.spent = { usage, nano: cost };
    return;
  }
  spent.usage = sumOf(spent.usage, usage);
  if (cost !== null) spent.nano = (spent.nano ?? 0) + cost;
}
