import { instantOf, offsetAt, QUARTER_MS } from './zone.js';

/** Calendar periods; a week begins on Monday. */
export type Period = 'minute' | 'hour' | 'day' | 'week' | 'month' | 'year';

/** A stretch of time that a counter counts in, unix milliseconds: `start <= t < end`. */
export interface Window {
  readonly start: number;
  readonly end: number;
}

/** The window that a moment is in. */
export type WindowOf = (now: number) => Window;

/** A window is either so many milliseconds, counted from the epoch, or a calendar period. Without one it never ends. */
export interface WindowOptions {
  windowMs?: number;
  period?: Period;
  /** IANA name of the zone whose calendar counts; UTC when absent. */
  timeZone?: string;
  /** The time that has just passed, that long, in place of one that begins at fixed moments. No time zone then. */
  rolling?: boolean;
}

/** Milliseconds of a period that moves with the clock: a month has 30 days then, a year 365. */
export const ROLLING_MS: Readonly<Record<Period, number>> = {
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
  week: 7 * 86_400_000,
  month: 30 * 86_400_000,
  year: 365 * 86_400_000,
};

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const WEEK = 7 * DAY;
/** The epoch was a Thursday; three days before it was a Monday. */
const MONDAY = -3 * DAY;

const FOREVER: Window = Object.freeze({ start: 0, end: Number.POSITIVE_INFINITY });

const calendar: Readonly<Record<Period, WindowOf>> = {
  minute: every(MINUTE),
  hour: every(HOUR),
  day: every(DAY),
  week: every(WEEK, MONDAY),
  month(now) {
    const date = new Date(now);
    const [year, at] = [date.getUTCFullYear(), date.getUTCMonth()];
    return { start: Date.UTC(year, at, 1), end: Date.UTC(year, at + 1, 1) };
  },
  year(now) {
    const at = new Date(now).getUTCFullYear();
    return { start: Date.UTC(at, 0, 1), end: Date.UTC(at + 1, 0, 1) };
  },
};

/** Throws on options that make no window. */
export function windowsOf({ windowMs, period, timeZone = 'UTC' }: WindowOptions): WindowOf {
  if (period !== undefined && windowMs !== undefined) {
    throw new Error('a counter has either windowMs or a period, not both');
  }
  if (period !== undefined) return timeZone === 'UTC' ? calendar[period] : inZone(period, timeZone);
  return windowMs === undefined ? () => FOREVER : every(windowMs);
}

/** The same calendar, by the clock on the wall. An hour that this clock goes through twice is two windows. */
function inZone(period: Period, zone: string): WindowOf {
  const at = calendar[period];
  const short = period === 'minute' || period === 'hour';
  return (now) => {
    const ahead = offsetAt(zone, Math.floor(now / QUARTER_MS)) * QUARTER_MS;
    const { start, end } = at(now + ahead);
    if (short) return { start: start - ahead, end: end - ahead };
    return { start: instantOf(zone, start), end: instantOf(zone, end) };
  };
}

function every(ms: number, origin = 0): WindowOf {
  if (!(ms >= 1)) throw new RangeError(`a window must be at least 1 ms long, not ${ms}`);
  return (now) => {
    const start = Math.floor((now - origin) / ms) * ms + origin;
    return { start, end: start + ms };
  };
}
