import type { SettledRecord } from '@headgate/sdk';
import { expect, test } from 'vitest';
import { BlockData } from '../../core/store/block-data.js';
import { BlockMerger } from '../../core/store/block-merger.js';
import { LedgerStore } from '../../core/store/ledger-store.js';
import { inMemory, stored } from './reading.js';
import { settled, taken } from './records.js';

const DAY = 86_400_000;
const noon = Date.UTC(2026, 0, 31, 12);

async function open() {
  const db = await inMemory();
  const store = new LedgerStore(db);
  const damaged: number[] = [];
  const merger = new BlockMerger(db, new BlockData((block) => damaged.push(block)));
  return {
    db,
    damaged,
    write: (...batches: readonly SettledRecord[][]) =>
      store.commit(batches.map((records) => taken(...records))),
    merge: async (now: number): Promise<number> => {
      let steps = 0;
      while (await merger.step(now)) steps++;
      return steps;
    },
    sizes: async () => (await db.all('SELECT records FROM request_blocks ORDER BY last_ms')).flat(),
  };
}

const batch = (size: number, time: number): SettledRecord[] =>
  Array.from({ length: size }, () => settled({ time }));

test('what low traffic leaves is put together as soon as it makes a full block', async () => {
  const { db, write, merge, sizes } = await open();
  const records = Array.from({ length: 2500 }, (_, i) => settled({ time: noon + i }));
  await write(...records.map((record) => [record]));
  expect(await merge(noon + 5000)).toBe(2);
  expect(await sizes()).toEqual([1024, 1024, ...Array(452).fill(1)]);
  expect(await stored(db)).toEqual(records);
  expect(await merge(noon + 5000)).toBe(0);
});

test('what does not make a full block waits for the end of the day, and days are not mixed', async () => {
  const { write, merge, sizes } = await open();
  for (let hour = 0; hour < 48; hour++) await write(batch(2, noon + (hour * DAY) / 24));
  expect(await merge(noon)).toBe(0);
  expect(await merge(noon + DAY)).toBe(1);
  expect((await sizes()).slice(0, 3)).toEqual([24, 2, 2]);
  expect(await merge(noon + 3 * DAY)).toBe(2);
  expect(await sizes()).toEqual([24, 48, 24]);
  expect(await merge(noon + 9 * DAY)).toBe(0);
});

test('blocks that are large enough stay as they are, whatever lies between them', async () => {
  const { db, write, merge, sizes } = await open();
  for (let i = 0; i < 30; i++) await write(batch(128, noon + i), batch(40, noon + i));
  const before = await db.all('SELECT id FROM request_blocks WHERE records = 128');
  expect(await merge(noon + DAY)).toBe(2);
  expect((await sizes()).toSorted((a, b) => Number(a) - Number(b))).toEqual(
    [160, 1040, ...Array(30).fill(128)].sort((a, b) => a - b),
  );
  expect(await db.all('SELECT id FROM request_blocks WHERE records = 128')).toEqual(before);
});

test('a damaged block is told, kept as it is, and does not stop the others', async () => {
  const { db, damaged, write, merge, sizes } = await open();
  for (let i = 0; i < 10; i++) await write(batch(1, noon + i));
  await db.run("UPDATE request_blocks SET data = x'00' WHERE id IN (3, 4)");
  expect(await merge(noon + DAY)).toBe(1);
  expect(await sizes()).toEqual([1, 1, 8]);
  expect(damaged).toEqual([3, 4]);
  expect(await stored(db)).toHaveLength(8);
});

test('days on which all is damaged come to an end', async () => {
  const { db, write, merge } = await open();
  for (let i = 0; i < 5; i++) await write(batch(1, noon + i * 1000));
  await db.run("UPDATE request_blocks SET data = x'00'");
  expect(await merge(noon + DAY)).toBeLessThan(3);
});
