import { type Counter, type CounterOptions, ROLLING_MS, windowsOf } from '@headgate/sdk';
import type { Place } from './place.js';
import { ROLLING_SLOTS, RollingCounter } from './rolling-counter.js';
import { SharedCounter } from './shared-counter.js';

/** The counter at that place of the shared memory, with what `restore` knows already counted. Rejects as `restore` does. */
export async function openCounter(
  memory: SharedArrayBuffer,
  slot: number,
  options: CounterOptions = {},
): Promise<Counter> {
  const counter = counterAt(memory, slot, options);
  if (options.restore !== undefined) await counter.restore(options.restore);
  return counter;
}

/** Places that such a counter takes. */
export function slotsOf({ rolling }: CounterOptions): number {
  return rolling === true ? ROLLING_SLOTS : 1;
}

function counterAt(memory: SharedArrayBuffer, slot: number, options: CounterOptions): Place {
  const { period, windowMs, rolling } = options;
  if (rolling !== true) return new SharedCounter(memory, slot, windowsOf(options));
  const length = period === undefined ? windowMs : ROLLING_MS[period];
  if (length === undefined) throw new Error('a rolling counter has a period or windowMs');
  return new RollingCounter(memory, slot, length);
}
