import { expect, test } from 'vitest';
import { LedgerStore } from '../../core/store/ledger-store.js';
import { openDatabase } from '../../core/store/open-database.js';
import { BlockRetention, type Retention } from '../../core/store/retention.js';
import { read, stored } from './reading.js';
import { settled, taken } from './records.js';

const DAY = 86_400_000;
const now = Date.UTC(2026, 0, 31);

/** Blocks of ten records, one a day, back from now. */
function open(blocks: number, limits: Retention) {
  const db = openDatabase(':memory:');
  const store = new LedgerStore(db);
  for (let i = 0; i < blocks; i++) {
    const records = Array.from({ length: 10 }, (_, n) => settled({ time: now - i * DAY - n * 1000 }));
    store.commit([taken(...records)]);
  }
  const retention = new BlockRetention(db, limits);
  const clean = (): number => {
    let steps = 1;
    while (retention.step(now)) steps++;
    return steps;
  };
  const count = (): unknown =>
    (db.prepare("SELECT value FROM ledger_counts WHERE name = 'requests'").raw().get() as number[])[0];
  return { db, store, clean, count };
}

test('blocks go when all of their records are too old', () => {
  const { db, clean, count } = open(30, { days: 10, maxRows: 1e9 });
  clean();
  // Ten whole days, and the block of the day before, whose latest record is just old enough to stay.
  expect(stored(db)).toHaveLength(110);
  expect(count()).toBe(110);
  clean();
  expect(count()).toBe(110);
});

test('blocks beyond the count go, the oldest first, and at least that many records stay', () => {
  const { db, store, clean, count } = open(30, { days: 1000, maxRows: 95 });
  clean();
  expect(stored(db)[0]!.time).toBe(now - 9 * DAY - 9000);
  expect(count()).toBe(100);
  store.commit([taken(...Array.from({ length: 4 }, () => settled({ time: now })))]);
  clean();
  expect(count()).toBe(104);
  store.commit([taken(settled({ time: now }))]);
  clean();
  expect(stored(db)).toHaveLength(95);
});

test('the sums stay', () => {
  const { db, clean, count } = open(5, { days: 0, maxRows: 0 });
  clean();
  expect(count()).toBe(0);
  const everything = { groupBy: [], from: null, to: null, customer: null, key: null };
  expect(read(db).usage.report(everything).total.requests).toBe(50);
});

test('much is deleted in many steps', () => {
  const { clean, count } = open(200, { days: 1000, maxRows: 10 });
  expect(clean()).toBeGreaterThan(3);
  expect(count()).toBe(10);
});
