import type { Measure, UsedBy } from '@headgate/sdk';
import { type CounterWindow, rollingMs } from '../state/counter-window.js';

/** What of the ledger a counter counts. */
export interface Counted {
  readonly by: UsedBy;
  readonly measure: Measure;
  /** Length of a window that moves with the clock, milliseconds; 0 for all others. */
  readonly rolling: number;
}

/** As text, which lies beside what a node holds; '' when it is nothing of the ledger's. */
export function aboutOf(window: CounterWindow): string {
  const { counts } = window;
  if (counts === undefined) return '';
  const { by, measure } = counts;
  return JSON.stringify({ by, measure, rolling: rollingMs(window) } satisfies Counted);
}

/** Null when a later version of the gateway has written it. */
export function readAbout(about: string): Counted | null {
  try {
    const { by, measure, rolling } = JSON.parse(about) as Partial<Counted>;
    if (typeof by?.kind !== 'string' || typeof by.id !== 'string') return null;
    return typeof measure === 'string' && typeof rolling === 'number' ? { by, measure, rolling } : null;
  } catch {
    return null;
  }
}

/** How long a hold counts after it was written: what is counted leaves a rolling window up to a sixtieth of it later than it must. */
export function forgetMsOf(rolling: number): number {
  return rolling > 0 ? rolling + Math.ceil(rolling / 30) : 0;
}
