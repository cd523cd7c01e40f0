import type { Usage } from '@headgate/sdk';
import { type CostKind, costLines } from './cost-lines.js';
import { exactNano } from './exact-nano.js';
import type { ModelPrice } from './rates.js';

/** A bill for the log: nano-dollars per kind, kinds that cost nothing left out. `total` is their exact sum. */
export type CostParts = { total: number } & { [kind in CostKind]?: number };

/**
 * Splits `costNano` into its parts. Each part is the growth of the rounded running total, so that the parts are
 * integers, never negative, and add up to the total to the last nano-dollar.
 */
export function costParts(price: ModelPrice, usage: Usage): CostParts {
  const parts: CostParts = { total: 0 };
  if (price.free) return parts;
  const lines = costLines(price, usage);
  for (const [index, line] of lines.entries()) {
    const total = exactNano(lines.slice(0, index + 1));
    if (total > parts.total) parts[line.kind] = total - parts.total;
    parts.total = total;
  }
  return parts;
}
