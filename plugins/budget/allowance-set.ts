import type { CounterGroup, Host } from '@headgate/sdk';
import type { Allowance } from './open-budgets.js';

/** All money that a caller's requests are counted on. */
export interface AllowanceSet {
  readonly all: readonly Allowance[];
  readonly group: CounterGroup;
  /** One of them holds only what is expected. */
  readonly expects: boolean;
  /** One of them is soft. */
  readonly soft: boolean;
  /** Places of those that send requests elsewhere from a share on. */
  readonly downgrades: readonly number[];
}

export function allowanceSet(all: readonly Allowance[], host: Pick<Host, 'counters'>): AllowanceSet {
  return {
    all,
    group: host.counters.group(all.map(({ spent }) => spent)),
    expects: all.some(({ reserve }) => reserve === 'expected'),
    soft: all.some(({ hard }) => !hard),
    downgrades: all.flatMap(({ downgrade }, i) => (downgrade === null ? [] : [i])),
  };
}
