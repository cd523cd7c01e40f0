import { type CounterOptions, type WindowOptions, windowsOf } from '@headgate/sdk';
import type { Control } from '../control.js';
import { ALONE, CounterMemory } from './counter-memory.js';
import { counterWindow, rollingMs } from './counter-window.js';
import type { Place } from './place.js';
import { ROLLING_SLOTS, RollingCounter } from './rolling-counter.js';
import { SharedCounter } from './shared-counter.js';

/**
 * The counter at that place of the shared memory. What `restore` knows is counted already, or, where nodes share the counter,
 * when the first of them takes from it. Rejects as `restore` does.
 */
export async function openCounter(
  memory: SharedArrayBuffer,
  slot: number,
  options: CounterOptions = {},
): Promise<Place> {
  const counter = counterAt(memory, slot, options);
  const { restore } = options;
  if (CounterMemory.of(memory).mode !== ALONE) counter.restoredBy = restore ?? null;
  else if (restore !== undefined) await counter.restore(restore);
  return counter;
}

/** The same, at the place that the main thread has for that name. */
export async function openShared(
  memory: SharedArrayBuffer,
  places: Pick<Control, 'counterSlot'>,
  name: string,
  options: CounterOptions = {},
): Promise<Place> {
  const slot = await places.counterSlot(name, slotsOf(options), counterWindow(options));
  return openCounter(memory, slot, options);
}

/** Places that such a counter takes. */
function slotsOf({ rolling }: WindowOptions): number {
  return rolling === true ? ROLLING_SLOTS : 1;
}

export function counterAt(memory: SharedArrayBuffer, slot: number, window: WindowOptions): Place {
  const length = rollingMs(window);
  if (length > 0) return new RollingCounter(memory, slot, length);
  return new SharedCounter(memory, slot, windowsOf(window));
}
