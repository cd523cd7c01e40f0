import type { SettledRecord } from '@headgate/sdk';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LedgerStore } from '../../../core/store/ledger-store.js';
import { batchOf } from '../../../core/store/record-codec.js';
import { countOf } from '../../../core/store/retention.js';
import { DeletedSegments } from '../../../core/store/spool-positions.js';
import { EVERYTHING, read, stored } from '../reading.js';
import { anyRecord, settled, taken } from '../records.js';
import type { Database } from './database.js';

/** What every database of a ledger does with what is written to it. */
export function storeSuite({ open, runs }: Database): void {
  const start = async () => {
    const db = await open();
    return { db, store: new LedgerStore(db), reader: read(db).usage };
  };

  test('batches that come again are in once, however they are grouped and whichever files they lie in', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(anyRecord, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 12 }),
        fc.array(fc.tuple(fc.nat({ max: 11 }), fc.nat({ max: 12 })), { maxLength: 6 }),
        fc.infiniteStream(fc.constantFrom('a', 'b')),
        async (batches, tries, files) => {
          const { db, store, reader } = await start();
          const ends = { a: 0, b: 0 };
          const spooled = batches.map((records) => {
            const segment = files.next().value as 'a' | 'b';
            return { batch: batchOf(records), end: { segment, offset: ++ends[segment] } };
          });
          // What is read back begins at a place that the database had reached, and may go on beyond it.
          let reached = 0;
          let written = 0;
          for (const [from, count] of [...tries, [0, batches.length] as const]) {
            const first = Math.min(from, reached);
            written += await store.commit(spooled.slice(first, first + count));
            reached = Math.max(reached, Math.min(first + count, batches.length));
          }
          const records = batches.flat();
          expect(written).toBe(records.length);
          expect(await stored(db)).toHaveLength(records.length);
          const { total } = await reader.report(EVERYTHING);
          expect(total.requests).toBe(records.length);
          expect(total.costNano).toBe(
            BigInt(records.reduce((sum, record) => sum + (record.costNano ?? 0), 0)),
          );
          for (const segment of ['a', 'b'] as const)
            expect((await store.positionOf(segment)) ?? 0).toBe(ends[segment]);
          expect(await countOf(db, 'requests')).toBe(records.length);
          expect(await countOf(db, 'bytes')).toBe(
            spooled.reduce((sum, one) => sum + one.batch.bytes.length, 0),
          );
          await db.close();
        },
      ),
      { numRuns: runs },
    );
  });

  test('records come back as they were, in order of time', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(anyRecord, { selector: (record) => record.id, maxLength: 40 }),
        async (records) => {
          const { db, store } = await start();
          await store.commit([taken(...records)]);
          const inOrder = records.toSorted((a, b) => a.time - b.time || (a.id < b.id ? -1 : 1));
          expect(await stored(db)).toEqual(inOrder);
          await db.close();
        },
      ),
      { numRuns: runs },
    );
  });

  test('what a key spent is exact from any millisecond on', async () => {
    const noon = Date.UTC(2026, 0, 31, 12);
    const hours = 3 * 3_600_000;
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(anyRecord, { selector: (record) => record.id, maxLength: 60 }),
        fc.integer({ min: noon - hours, max: noon + hours }),
        async (records, since) => {
          const { db, store, reader } = await start();
          await store.commit([taken(...records)]);
          const own = records.filter((record) => record.keyId === 'k1' && record.time >= since);
          const spent = own.reduce((sum, record) => sum + (record.costNano ?? 0), 0);
          // What was refused before a provider was asked is counted by no limit.
          const counted = own.filter(({ outcome, provider }) => outcome !== 'error' || provider !== '');
          expect(await reader.used({ kind: 'key', id: 'k1' }, since)).toMatchObject({
            nanos: spent,
            requests: counted.length,
          });
          await db.close();
        },
      ),
      { numRuns: runs },
    );
  });

  test('sums beyond what a double holds stay exact', async () => {
    const { db, store, reader } = await start();
    const cost = 999_999_999_999_999;
    await store.commit([taken(...Array.from({ length: 40 }, () => settled({ costNano: cost })))]);
    await store.commit([taken(settled({ costNano: 1 }))]);
    expect((await reader.report(EVERYTHING)).total.costNano).toBe(BigInt(cost) * 40n + 1n);
    await db.close();
  });

  test('numbers and names that nobody can mean neither break nor overflow the sums', async () => {
    const { db, store, reader } = await start();
    const odd = settled({ customer: 'zero \0 byte', tags: ['half \ud83d', 'b', 'b'] });
    odd.usage = {
      ...odd.usage!,
      inputTokens: 1e300,
      outputTokens: Number.NaN,
      reasoningTokens: -5,
      cacheReadTokens: 1.5,
    };
    await store.commit([taken(odd)]);
    const { total, rows } = await reader.report({ ...EVERYTHING, groupBy: ['customer', 'tag'] });
    expect(total).toMatchObject({
      inputTokens: 1e12,
      outputTokens: 0,
      reasoningTokens: 0,
      cacheReadTokens: 1,
    });
    expect(rows.map((row) => row.group)).toEqual([
      ['zero \ufffd byte', 'b'],
      ['zero \ufffd byte', expect.stringMatching(/^half \ufffd+$/)],
    ]);
    await db.close();
  });

  test('a commit that fails leaves neither records nor sums nor a place, and the bad record can be told', async () => {
    const { db, store, reader } = await start();
    const bad: SettledRecord = settled({ time: Number.NaN });
    const records = [...Array.from({ length: 40 }, () => settled()), bad];
    const end = { segment: 's', offset: 99 };
    await expect(store.commit([taken(settled()), { batch: batchOf(records), end }])).rejects.toThrow();
    expect((await reader.report(EVERYTHING)).total.requests).toBe(0);
    expect(await stored(db)).toEqual([]);
    expect(await store.positionOf('s')).toBeNull();
    expect(await store.refusal(batchOf([bad]))).toBeInstanceOf(Error);
    expect(await store.refusal(batchOf([settled()]))).toBeNull();
    expect(await stored(db)).toEqual([]);
    await db.close();
  });

  test('two that write at once to one database lose nothing', async () => {
    const { db, reader } = await start();
    const stores = [new LedgerStore(db), new LedgerStore(db)];
    const write = (store: LedgerStore) => async (_: unknown, i: number) =>
      store.commit([taken(settled({ customer: `c${i % 5}` }), settled({ customer: `c${(i * 3) % 7}` }))]);
    await Promise.all(stores.flatMap((store) => Array.from({ length: 20 }).map(write(store))));
    expect((await reader.report(EVERYTHING)).total.requests).toBe(80);
    expect(await countOf(db, 'requests')).toBe(80);
    await db.close();
  });

  test('places in deleted files of the spool are forgotten, but not at once', async () => {
    const { db, store } = await start();
    await store.commit([{ batch: batchOf([]), end: { segment: 'gone', offset: 7 } }]);
    await store.commit([{ batch: batchOf([settled()]), end: { segment: 'here', offset: 9 } }]);
    const segments = new DeletedSegments(db);
    await segments.forget(['gone'], 0);
    await segments.forget([], 60_000);
    expect(await store.positionOf('gone')).toBe(7);
    await segments.forget([], 900_000);
    expect(await store.positionOf('gone')).toBeNull();
    expect(await store.positionOf('here')).toBe(9);
    await db.close();
  });
}
