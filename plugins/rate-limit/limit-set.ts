import type { CounterGroup, Host } from '@headgate/sdk';
import type { Limit } from './limits.js';
import { FAMILIES, familyOf } from './told.js';

/** All limits that a caller's requests are counted by. */
export interface LimitSet {
  readonly limits: readonly Limit[];
  readonly group: CounterGroup;
  /** Most of each, in the order of the limits. */
  readonly caps: readonly number[];
  /** Whether one of them counts tokens, of the prompt and of the answer. */
  readonly tokens: boolean;
  /** Places of the limits that are told together, see {@link familyOf}. */
  readonly families: readonly (readonly number[])[];
}

export function limitSet(limits: readonly Limit[], host: Pick<Host, 'counters'>): LimitSet {
  const places = limits.map((_, i) => i);
  return {
    limits,
    group: host.counters.group(limits.map(({ counter }) => counter)),
    caps: limits.map(({ max }) => max),
    tokens: limits.some((limit) => familyOf(limit) === 'tokens'),
    families: FAMILIES.map((family) => places.filter((i) => familyOf(limits[i] as Limit) === family)).filter(
      (found) => found.length > 0,
    ),
  };
}
