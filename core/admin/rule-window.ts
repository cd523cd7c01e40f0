import { type Period, type RuleWindow, windowsOf } from '@headgate/sdk';
import { instantOf, offsetAt } from '../store/time-zone.js';
import { QUARTER_MS } from '../store/usage-totals.js';

const DAY = 86_400_000;
const LENGTH: Readonly<Record<Period, number>> = {
  minute: 60_000,
  hour: 3_600_000,
  day: DAY,
  week: 7 * DAY,
  month: 30 * DAY,
  year: 365 * DAY,
};

/** The stretch of time that a rule counts in now, unix milliseconds; `end` is null for one that moves with the clock. */
export function ruleWindow(
  { per, window, timeZone }: RuleWindow,
  now: number,
): { start: number; end: number | null } {
  if (window === 'rolling') return { start: now - LENGTH[per], end: null };
  const at = windowsOf({ period: per });
  if (timeZone === 'UTC') return at(now);
  // The same calendar, by the clock on the wall.
  const local = at(now + offsetAt(timeZone, Math.floor(now / QUARTER_MS)) * QUARTER_MS);
  return { start: instantOf(timeZone, local.start), end: instantOf(timeZone, local.end) };
}
