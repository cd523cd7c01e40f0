import { expect, it } from 'vitest';
import { LedgerStore } from '../../core/store/ledger-store.js';
import { dayBefore, knownSince, UsualSpend } from '../../core/store/usual-spend.js';
import { inMemory, read } from '../store/reading.js';
import { settled, taken } from '../store/records.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Clocks of Berlin were put back on 25 October 2026: ten o'clock is eight in UTC before, nine after. */
const NOW = Date.UTC(2026, 9, 27, 10, 10);

async function ledger(...requests: [time: number, nanos: number][]) {
  const sql = await inMemory();
  const records = requests.map(([time, costNano]) => settled({ time, costNano }));
  if (records.length > 0) await new LedgerStore(sql).commit([taken(...records)]);
  return { sql, reader: read(sql).usage };
}

/** Each day from ten to eleven in Berlin, a dollar and the day of the month in cents. */
const atTen = (day: number): [number, number] => [
  Date.UTC(2026, 9, day, day < 25 ? 8 : 9, 30),
  1e9 + day * 1e7,
];

it('compares an hour with the same hour of the days before, by the clocks of a zone', async () => {
  const { sql, reader } = await ledger(...[22, 23, 24, 25, 26, 27].map(atTen));
  const usual = new UsualSpend(sql, reader, () => NOW);
  expect(await usual.of(3, 'Europe/Berlin')).toEqual({ last: 1.27e9, before: [1.26e9, 1.25e9, 1.24e9] });
  expect(await usual.of(3, 'UTC')).toEqual({ last: 1.27e9, before: [1.26e9, 1.25e9, 0] });
  // Nothing is known of days before the first request, nor of those hours of the first day.
  expect((await usual.of(7, 'Europe/Berlin')).before).toEqual([1.26e9, 1.25e9, 1.24e9, 1.23e9]);
  await sql.close();
});

it('counts hours that cost nothing, and days only from the first request on', async () => {
  const first = NOW - 3 * DAY + 4 * HOUR;
  const { sql, reader } = await ledger([first, 5e9], [NOW - HOUR, 2e9]);
  const usual = new UsualSpend(sql, reader, () => NOW);
  expect(await usual.of(7, 'UTC')).toEqual({ last: 2e9, before: [0, 0] });
  const quarter = Math.floor(first / 900_000) * 900_000;
  expect(await knownSince(sql)).toEqual({ hours: quarter, days: quarter });
  await sql.run('DELETE FROM usage_quarters WHERE slot < ?', [(NOW - DAY) / 900_000]);
  expect((await knownSince(sql))?.days).toBe(Math.floor(first / DAY) * DAY);
  await sql.close();
  const empty = await ledger();
  expect(await knownSince(empty.sql)).toBeNull();
  expect(await new UsualSpend(empty.sql, empty.reader, () => NOW).of(7, 'UTC')).toEqual({
    last: 0,
    before: [],
  });
  await empty.sql.close();
});

it('asks again in the next hour, and after it was refused', async () => {
  const { sql, reader } = await ledger(...[24, 25, 26, 27].map(atTen));
  let now = NOW - HOUR;
  let away = true;
  let asked = 0;
  const gated = {
    report: (...query: Parameters<typeof reader.report>) => {
      asked++;
      return away ? Promise.reject(new Error('away')) : reader.report(...query);
    },
  };
  const usual = new UsualSpend(sql, gated, () => now);
  await expect(usual.of(1, 'Europe/Berlin')).rejects.toThrow('away');
  away = false;
  expect(await usual.of(1, 'Europe/Berlin')).toEqual({ last: 0, before: [0] });
  const before = asked;
  await usual.of(1, 'Europe/Berlin');
  expect(asked).toBe(before);
  now = NOW;
  expect(await usual.of(1, 'Europe/Berlin')).toEqual({ last: 1.27e9, before: [1.26e9] });
  await sql.close();
});

it('knows the same hour of an earlier day where clocks were put forward, and where that hour was left out', () => {
  const at = Date.UTC(2026, 2, 30, 8);
  expect(dayBefore(at, 1, 'Europe/Berlin')).toBe(at - DAY);
  expect(dayBefore(at, 2, 'Europe/Berlin')).toBe(at - 2 * DAY + HOUR);
  // Half past two of 29 March was not: half past three was.
  const left = Date.UTC(2026, 2, 30, 0, 30);
  expect(dayBefore(left, 1, 'Europe/Berlin')).toBe(left - DAY + HOUR);
  expect(dayBefore(at, 2, 'Asia/Kathmandu')).toBe(at - 2 * DAY);
});
