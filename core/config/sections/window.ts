import { z } from 'zod';
import { wants } from '../wants.js';

export const PERIODS = ['minute', 'hour', 'day', 'week', 'month', 'year'] as const;

const zoneForm = wants('a time zone such as Europe/Berlin or UTC');

function isZone(name: string): boolean {
  try {
    // Longer texts are no zone, and not worth asking about.
    return name.length <= 64 && new Intl.DateTimeFormat('en', { timeZone: name }) !== undefined;
  } catch {
    return false;
  }
}

/** The name of a time zone. */
export const zoneText = z.string(zoneForm).refine(isZone, zoneForm);

/** The keys that say in what stretch of time a budget or limit counts. */
export const windowKeys = {
  per: z.enum(PERIODS).describe('The period. A rolling month has 30 days, a rolling year 365.'),
  window: z
    .enum(['calendar', 'rolling'])
    .default('calendar')
    .describe('`calendar`: from the start of each period; `rolling`: the time that has just passed.'),
  time_zone: zoneText
    .optional()
    .describe('Zone whose calendar counts, `UTC` when left out. Not for rolling windows.'),
};

export interface GivenWindow {
  readonly per: (typeof PERIODS)[number];
  readonly window: 'calendar' | 'rolling';
  readonly time_zone?: string | undefined;
}

/** A rolling window has no calendar, so no zone either. */
export function zoneFits({ window, time_zone: zone }: GivenWindow): boolean {
  return window === 'calendar' || zone === undefined;
}

export const zoneMisplaced = { path: ['time_zone'], ...wants('no time zone with a rolling window') };

/** What tells two windows apart. */
export function windowName({ per, window, time_zone: zone }: GivenWindow): string {
  return `${window} ${per} ${zone ?? 'UTC'}`;
}
