import { type CounterOptions, ROLLING_MS, type WindowOptions } from '@headgate/sdk';

/** What the main thread must know of a counter that nodes share. Plain data. */
export interface CounterWindow extends WindowOptions {
  /** What was used before this process is known to somebody, and must be known before it is taken from. */
  readonly restored: boolean;
  /** What of the ledger it counts. */
  readonly counts?: CounterOptions['counts'];
}

export function counterWindow({ restore, ...window }: CounterOptions): CounterWindow {
  return { ...window, restored: restore !== undefined };
}

/** Milliseconds of a window that moves with the clock; 0 for all others. Throws where it has no length. */
export function rollingMs({ period, windowMs, rolling }: WindowOptions): number {
  if (rolling !== true) return 0;
  const length = period === undefined ? windowMs : ROLLING_MS[period];
  if (length === undefined) throw new Error('a rolling counter has a period or windowMs');
  return length;
}
