import { type Period, windowsOf } from '@headgate/sdk';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const periods: Period[] = ['minute', 'hour', 'day', 'week', 'month', 'year'];
/** From 1970 to 2100. */
const moments = fc.integer({ min: 0, max: Date.UTC(2100, 0, 1) });
const iso = (ms: number): string => new Date(ms).toISOString();

describe('calendar windows', () => {
  it.each([
    ['minute', '2026-11-22T18:40:59.999Z', '2026-11-22T18:40:00.000Z', '2026-11-22T18:41:00.000Z'],
    ['hour', '2026-11-22T18:40:59.999Z', '2026-11-22T18:00:00.000Z', '2026-11-22T19:00:00.000Z'],
    ['day', '2026-11-22T18:40:59.999Z', '2026-11-22T00:00:00.000Z', '2026-11-23T00:00:00.000Z'],
    // A Sunday belongs to the week that began on the Monday before.
    ['week', '2026-11-22T18:40:59.999Z', '2026-11-16T00:00:00.000Z', '2026-11-23T00:00:00.000Z'],
    ['week', '2026-11-23T00:00:00.000Z', '2026-11-23T00:00:00.000Z', '2026-11-30T00:00:00.000Z'],
    ['month', '2028-02-29T23:59:59.999Z', '2028-02-01T00:00:00.000Z', '2028-03-01T00:00:00.000Z'],
    ['month', '2026-12-31T23:59:59.999Z', '2026-12-01T00:00:00.000Z', '2027-01-01T00:00:00.000Z'],
    ['year', '2026-12-31T23:59:59.999Z', '2026-01-01T00:00:00.000Z', '2027-01-01T00:00:00.000Z'],
  ] as const)('%s of %s', (period, now, start, end) => {
    const window = windowsOf({ period })(Date.parse(now));
    expect([iso(window.start), iso(window.end)]).toEqual([start, end]);
  });

  it.each(periods)('every moment is in its %s, and the next one begins where it ends', (period) => {
    const windowOf = windowsOf({ period });
    fc.assert(
      fc.property(moments, (now) => {
        const { start, end } = windowOf(now);
        expect(start).toBeLessThanOrEqual(now);
        expect(now).toBeLessThan(end);
        expect(windowOf(start)).toEqual({ start, end });
        expect(windowOf(end - 1)).toEqual({ start, end });
        expect(windowOf(end).start).toBe(end);
      }),
    );
  });

  it('weeks begin on Mondays', () => {
    fc.assert(
      fc.property(moments, (now) => {
        expect(new Date(windowsOf({ period: 'week' })(now).start).getUTCDay()).toBe(1);
      }),
    );
  });
});

describe('other windows', () => {
  it('of milliseconds begin at their multiples', () => {
    expect(windowsOf({ windowMs: 250 })(1_001)).toEqual({ start: 1_000, end: 1_250 });
  });

  it('never end when nothing is said', () => {
    expect(windowsOf({})(5)).toEqual({ start: 0, end: Number.POSITIVE_INFINITY });
  });

  it('must be one or the other, and have a length', () => {
    expect(() => windowsOf({ windowMs: 5, period: 'day' })).toThrow('not both');
    expect(() => windowsOf({ windowMs: 0 })).toThrow('at least 1 ms');
    expect(() => windowsOf({ windowMs: Number.NaN })).toThrow('at least 1 ms');
  });
});
