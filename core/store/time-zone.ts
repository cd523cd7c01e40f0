import { offsetAt, QUARTER_MS, zoneFormat } from '@headgate/sdk';
import { DAY_MS, QUARTERS_A_DAY } from './usage-totals.js';

/** A stretch in which a zone's clock is so many quarters of an hour ahead of UTC. */
export interface ZoneStretch {
  /** First quarter of an hour since 1970 that it does not hold for; infinite for the last one. */
  readonly until: number;
  readonly offset: number;
}

/** Whether there is a time zone of that name. */
export function isTimeZone(name: string): boolean {
  try {
    zoneFormat(name);
    return true;
  } catch {
    return false;
  }
}

/** The stretches that the quarters from `from` up to but not including `to` fall into, in order. */
export function stretches(zone: string, from: number, to: number): ZoneStretch[] {
  if (zone === 'UTC') return [{ until: Number.POSITIVE_INFINITY, offset: 0 }];
  const found: ZoneStretch[] = [];
  let offset = offsetAt(zone, from);
  for (let at = from; at < to; ) {
    const next = Math.min(at + QUARTERS_A_DAY, to);
    const then = offsetAt(zone, next);
    if (then !== offset) {
      const until = change(zone, at, next, offset);
      found.push({ until, offset });
      offset = offsetAt(zone, until);
      at = until;
    } else at = next;
  }
  found.push({ until: Number.POSITIVE_INFINITY, offset });
  return found;
}

/** `2026-01-31` for the day since 1970. */
export function dayText(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

/** `2026-01-31T05:00:00Z`, or with the offset of the zone. */
export function hourText(zone: string, slot: number): string {
  const offset = zone === 'UTC' ? 0 : offsetAt(zone, slot);
  const local = new Date((slot + offset) * QUARTER_MS).toISOString().slice(0, 19);
  if (zone === 'UTC') return `${local}Z`;
  const minutes = Math.abs(offset) * 15;
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${local}${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

/** The quarter at which the clock changes, between two that are at most a day apart. */
function change(zone: string, from: number, to: number, offset: number): number {
  let low = from;
  let high = to;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (offsetAt(zone, middle) === offset) low = middle;
    else high = middle;
  }
  return high;
}
