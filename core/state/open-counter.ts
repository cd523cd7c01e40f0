import { type Counter, type CounterOptions, windowsOf } from '@headgate/sdk';
import { SharedCounter } from './shared-counters.js';

/** The counter at that place of the shared memory, with what `restore` knows already counted. Rejects as `restore` does. */
export async function openCounter(
  memory: SharedArrayBuffer,
  slot: number,
  options: CounterOptions = {},
): Promise<Counter> {
  const counter = new SharedCounter(memory, slot, windowsOf(options));
  if (options.restore !== undefined) await counter.restore(options.restore);
  return counter;
}
