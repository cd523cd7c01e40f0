import type { PricePhase, PriceRecord } from './price-row.js';

const DAY_MS = 86_400_000;

/** A price and the half-open time `from <= t < until`, in ms since the epoch, for which it is known to hold. */
export interface PriceInForce {
  price: PriceRecord;
  from: number;
  until: number;
}

/** The price in force at `at` (ms since the epoch). Some providers announce changes ahead or charge by the hour. */
export function priceAt(price: PriceRecord | PricePhase[], at: number): PriceInForce {
  if (!Array.isArray(price))
    return { price, from: Number.NEGATIVE_INFINITY, until: Number.POSITIVE_INFINITY };
  let inForce: PriceRecord | undefined;
  let until = Number.POSITIVE_INFINITY;
  for (const phase of price) {
    if (holds(phase, at)) inForce = phase.price;
    until = Math.min(until, nextChange(phase, at));
  }
  // As the source does: before every dated phase, the first one.
  const first = price[0];
  if (first === undefined) throw new Error('price snapshot: an empty schedule');
  return { price: inForce ?? first.price, from: at, until };
}

function holds(phase: PricePhase, at: number): boolean {
  if (phase.since !== undefined) return at >= Date.parse(phase.since);
  if (phase.daily === undefined) return true;
  const [start, end] = phase.daily;
  const second = secondOfDay(at);
  return end < start ? second >= start || second < end : second >= start && second < end;
}

/** The next moment after `at` at which the phase may begin or end. */
function nextChange(phase: PricePhase, at: number): number {
  if (phase.since !== undefined) {
    const since = Date.parse(phase.since);
    return since > at ? since : Number.POSITIVE_INFINITY;
  }
  if (phase.daily === undefined) return Number.POSITIVE_INFINITY;
  const midnight = at - secondOfDay(at) * 1000;
  return Math.min(
    ...phase.daily.map((second) => {
      const today = midnight + second * 1000;
      return today > at ? today : today + DAY_MS;
    }),
  );
}

function secondOfDay(at: number): number {
  return (((at % DAY_MS) + DAY_MS) % DAY_MS) / 1000;
}
