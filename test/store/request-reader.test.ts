import type { SettledRecord } from '@headgate/sdk';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LedgerStore } from '../../core/store/ledger-store.js';
import type { RecordFilter } from '../../core/store/request-reader.js';
import { ALWAYS, inMemory, read } from './reading.js';
import { anyRecord, settled, taken } from './records.js';

async function open(...batches: readonly SettledRecord[][]) {
  const db = await inMemory();
  await new LedgerStore(db).commit(batches.map((records) => taken(...records)));
  return { db, ...read(db) };
}

async function all<T>(found: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const one of found) list.push(one);
  return list;
}

const byTime = (a: SettledRecord, b: SettledRecord): number => a.time - b.time || (a.id < b.id ? -1 : 1);

test('records come in order of time, from whatever blocks, with the values asked for and of the time asked for', async () => {
  const time = fc.integer({ min: Date.UTC(2026, 0, 29), max: Date.UTC(2026, 1, 3) });
  const filter: fc.Arbitrary<RecordFilter> = fc.constantFrom<RecordFilter>(
    {},
    { keyId: 'k1' },
    { customer: 'acme', model: 'support' },
    { status: 429 },
    { outcome: 'error', stream: true },
    { costNano: null },
    { model: 'nobody asked for this' },
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(anyRecord, { minLength: 1, maxLength: 12 }), { maxLength: 12 }),
      fc.record({ from: time, to: time }),
      filter,
      async (batches, range, wanted) => {
        const { db, requests } = await open(...batches);
        const expected = batches
          .flat()
          .filter((record) => record.time >= range.from && record.time < range.to)
          .filter((record) =>
            Object.entries(wanted).every(([field, value]) => Reflect.get(record, field) === value),
          )
          .sort(byTime);
        expect(await all(requests.records(range, 'oldest first', wanted))).toEqual(expected);
        expect(await all(requests.records(range, 'newest first', wanted))).toEqual(expected.toReversed());
        await db.close();
      },
    ),
    { numRuns: 80 },
  );
});

test('more blocks than are looked up at a time are all found, once', async () => {
  const batches = Array.from({ length: 1100 }, (_, i) => [settled({ time: 1000 + (i % 7), id: `r${i}` })]);
  const { requests } = await open(...batches);
  for (const order of ['oldest first', 'newest first'] as const) {
    const ids = (await all(requests.records(ALWAYS, order))).map((record) => record.id);
    expect(ids).toHaveLength(1100);
    expect(new Set(ids).size).toBe(1100);
  }
  expect(await all(requests.batches(ALWAYS))).toHaveLength(1100);
});

test('the newest records are there without a look at the others', async () => {
  const batches = Array.from({ length: 20 }, (_, i) => [settled({ time: i }), settled({ time: i })]);
  const { db, requests, damaged } = await open(...batches);
  await db.run("UPDATE request_blocks SET data = x'00' WHERE last_ms < 15");
  const found = requests.records(ALWAYS, 'newest first');
  const times: unknown[] = [];
  for (let i = 0; i < 3; i++) times.push(((await found.next()).value as SettledRecord).time);
  expect(times).toEqual([19, 19, 18]);
  expect(damaged).toEqual([]);
});

test('blocks of another time are not opened', async () => {
  const { db, requests, damaged } = await open(
    [settled({ time: 10 })],
    [settled({ time: 20 })],
    [settled({ time: 30 })],
  );
  await db.run("UPDATE request_blocks SET data = x'00' WHERE last_ms <> 20");
  expect(await all(requests.records({ from: 11, to: 30 }, 'newest first'))).toMatchObject([{ time: 20 }]);
  expect(damaged).toEqual([]);
});

test.each([
  [
    'a flipped bit',
    "UPDATE request_blocks SET data = substr(data, 1, 100) || x'ff' || substr(data, 102) WHERE id = 2",
  ],
  ['a part that is missing', 'UPDATE request_blocks SET data = substr(data, 1, 50) WHERE id = 2'],
  ['nothing left', "UPDATE request_blocks SET data = x'' WHERE id = 2"],
  ['something else', "UPDATE request_blocks SET data = 'text' WHERE id = 2"],
])('a damaged block is told once and left out, the others are there: %s', async (_, damage) => {
  const records = Array.from({ length: 9 }, () => settled());
  const { db, requests, usage, damaged } = await open(
    records.slice(0, 3),
    records.slice(3, 6),
    records.slice(6),
  );
  await db.run(damage);
  const left = [...records.slice(0, 3), ...records.slice(6)];
  expect(await all(requests.records(ALWAYS, 'oldest first'))).toEqual(left);
  expect(await all(requests.records(ALWAYS, 'newest first'))).toEqual(left.toReversed());
  expect((await usage.used({ kind: 'key', id: 'k1' }, records[0]!.time)).nanos).toBe(6 * 12_345);
  expect(damaged).toEqual([2]);
});
