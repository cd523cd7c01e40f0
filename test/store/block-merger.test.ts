import type { SettledRecord } from '@headgate/sdk';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BlockData } from '../../core/store/block-data.js';
import { BlockMerger } from '../../core/store/block-merger.js';
import { LedgerStore } from '../../core/store/ledger-store.js';
import { openDatabase } from '../../core/store/open-database.js';
import { stored } from './reading.js';
import { settled, taken } from './records.js';

const DAY = 86_400_000;
const noon = Date.UTC(2026, 0, 31, 12);

function open() {
  const db = openDatabase(':memory:');
  const store = new LedgerStore(db);
  const damaged: number[] = [];
  const merger = new BlockMerger(db, new BlockData(db, (block) => damaged.push(block)));
  return {
    db,
    damaged,
    write: (...batches: readonly SettledRecord[][]) => {
      store.commit(batches.map((records) => taken(...records)));
    },
    merge: (now: number): number => {
      let steps = 0;
      while (merger.step(now)) steps++;
      return steps;
    },
    sizes: () => db.prepare('SELECT records FROM request_blocks ORDER BY last_ms').raw().all().flat(),
  };
}

const batch = (size: number, time: number): SettledRecord[] =>
  Array.from({ length: size }, () => settled({ time }));

test('what low traffic leaves is put together as soon as it makes a full block', () => {
  const { db, write, merge, sizes } = open();
  const records = Array.from({ length: 2500 }, (_, i) => settled({ time: noon + i }));
  write(...records.map((record) => [record]));
  expect(merge(noon + 5000)).toBe(2);
  expect(sizes()).toEqual([1024, 1024, ...Array(452).fill(1)]);
  expect(stored(db)).toEqual(records);
  expect(merge(noon + 5000)).toBe(0);
});

test('what does not make a full block waits for the end of the day, and days are not mixed', () => {
  const { write, merge, sizes } = open();
  for (let hour = 0; hour < 48; hour++) write(batch(2, noon + (hour * DAY) / 24));
  expect(merge(noon)).toBe(0);
  expect(merge(noon + DAY)).toBe(1);
  expect(sizes().slice(0, 3)).toEqual([24, 2, 2]);
  expect(merge(noon + 3 * DAY)).toBe(2);
  expect(sizes()).toEqual([24, 48, 24]);
  expect(merge(noon + 9 * DAY)).toBe(0);
});

test('blocks that are large enough stay as they are, whatever lies between them', () => {
  const { db, write, merge, sizes } = open();
  for (let i = 0; i < 30; i++) write(batch(128, noon + i), batch(40, noon + i));
  const before = db.prepare('SELECT id FROM request_blocks WHERE records = 128').raw().all();
  expect(merge(noon + DAY)).toBe(2);
  expect(sizes().toSorted((a, b) => Number(a) - Number(b))).toEqual(
    [160, 1040, ...Array(30).fill(128)].sort((a, b) => a - b),
  );
  expect(db.prepare('SELECT id FROM request_blocks WHERE records = 128').raw().all()).toEqual(before);
});

test('a damaged block is told, kept as it is, and does not stop the others', () => {
  const { db, damaged, write, merge, sizes } = open();
  for (let i = 0; i < 10; i++) write(batch(1, noon + i));
  db.exec("UPDATE request_blocks SET data = x'00' WHERE id IN (3, 4)");
  expect(merge(noon + DAY)).toBe(1);
  expect(sizes()).toEqual([1, 1, 8]);
  expect(damaged).toEqual([3, 4]);
  expect(stored(db)).toHaveLength(8);
});

test('days on which all is damaged come to an end', () => {
  const { db, write, merge } = open();
  for (let i = 0; i < 5; i++) write(batch(1, noon + i * 1000));
  db.exec("UPDATE request_blocks SET data = x'00'");
  expect(merge(noon + DAY)).toBeLessThan(3);
});

test('no record is lost or doubled, in whatever sizes and at whatever times they come', () => {
  const size = fc.oneof(fc.constantFrom(1, 2, 128), fc.integer({ min: 1, max: 200 }));
  fc.assert(
    fc.property(
      fc.array(fc.tuple(size, fc.nat({ max: 3 * DAY }), fc.boolean()), { maxLength: 60 }),
      (batches) => {
        const { db, write, merge } = open();
        const all: string[] = [];
        for (const [count, time, mergeNow] of batches) {
          const records = batch(count, noon + time);
          all.push(...records.map((record) => record.id));
          write(records);
          if (mergeNow) merge(noon + time);
        }
        merge(noon + 9 * DAY);
        expect(
          stored(db)
            .map((record) => record.id)
            .sort(),
        ).toEqual(all.sort());
        const count = db.prepare("SELECT value FROM ledger_counts WHERE name = 'requests'").raw().get();
        expect(count).toEqual([all.length]);
        const spans = db.prepare('SELECT max(last_ms - first_ms) FROM request_blocks').raw().get() as [
          number | null,
        ];
        expect(spans[0] ?? 0).toBeLessThan(DAY);
        db.close();
      },
    ),
    { numRuns: 40 },
  );
});
