import type { DefaultNeeds, RequestView, SettledRecord } from '@headgate/sdk';

/** What a finished request is charged. */
export interface Charge {
  nanos: number;
  /** For the log: why it is not simply the cost. Null when it is. */
  because: string | null;
}

const NO_PRICE = 'no price is known for this model: its requests count as nothing in budgets';
const NO_USAGE = 'this model does not say what it used: budgets are charged the most its requests can cost';

/**
 * The cost, when it is known. A model without a price counts as nothing. When the provider said nothing of usage:
 *
 * - an answer that never began used nothing, and everything is given back;
 * - a complete answer is charged all that was reserved, since it may have used that;
 * - an answer cut short, by the client or by the provider, is charged the input's part of the reservation: input is
 *   used before the first byte of an answer, and how much output was made, nobody told us.
 */
export function charge(record: SettledRecord, reserved: number, view: RequestView<DefaultNeeds>): Charge {
  if (record.costNano !== null) return { nanos: record.costNano, because: null };
  if (record.usage !== null) return { nanos: 0, because: NO_PRICE };
  if (reserved === 0 || !hasBegun(record)) return { nanos: 0, because: null };
  if (record.outcome === 'ok') return { nanos: reserved, because: NO_USAGE };
  return { nanos: Math.min(reserved, view.maxCostNano(0) ?? 0), because: null };
}

/** The provider asked last has answered with a success, in whole or in part. */
function hasBegun({ attempts }: SettledRecord): boolean {
  const status = attempts.at(-1)?.status ?? 0;
  return status >= 200 && status < 300;
}
