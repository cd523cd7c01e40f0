import type { SettledRecord } from '@headgate/sdk';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BlockData } from '../../../core/store/block-data.js';
import { BlockMerger } from '../../../core/store/block-merger.js';
import { LedgerStore } from '../../../core/store/ledger-store.js';
import { ObjectOwners } from '../../../core/store/object-owners.js';
import { SegmentMaker } from '../../../core/store/requests/segment-maker.js';
import { BlockRetention, countOf, type Retention } from '../../../core/store/retention.js';
import { UsageBlocks } from '../../../core/store/usage-blocks.js';
import type { UsageQuery } from '../../../core/store/usage-report.js';
import { UsageRetention } from '../../../core/store/usage-retention.js';
import { EVERYTHING, read, stored } from '../reading.js';
import { settled, taken } from '../records.js';
import type { Database } from './database.js';

const DAY = 86_400_000;
const NO_LIMIT = { days: 1e5, maxRows: 1e9, maxBytes: Number.POSITIVE_INFINITY };

/** What every database of a ledger is tidied like. */
export function choresSuite({ open, runs }: Database): void {
  const now = Date.UTC(2026, 0, 31);

  /** Blocks of ten records, one a day, back from now. */
  const days = async (blocks: number, limits: Partial<Retention>) => {
    const db = await open();
    const store = new LedgerStore(db);
    const batches = Array.from({ length: blocks }, (_, i) =>
      taken(...Array.from({ length: 10 }, (_, n) => settled({ time: now - i * DAY - n * 1000 }))),
    );
    await store.commit(batches);
    const retention = new BlockRetention(db, { ...NO_LIMIT, ...limits });
    const clean = async (): Promise<number> => {
      let steps = 1;
      while (await retention.step(now)) steps++;
      return steps;
    };
    return { db, store, clean, count: () => countOf(db, 'requests'), bytes: batches[0]!.batch.bytes.length };
  };

  test('blocks go when all of their records are too old, and from when on all are there is known', async () => {
    const { db, clean, count } = await days(30, { days: 10 });
    await clean();
    // Ten whole days, and the block of the day before, whose latest record is just old enough to stay.
    expect(await stored(db)).toHaveLength(110);
    expect(await count()).toBe(110);
    await clean();
    expect(await count()).toBe(110);
    expect(await countOf(db, 'complete_since_ms')).toBe(now - 11 * DAY + 1);
    await db.close();
  });

  test('blocks beyond the count go, the oldest first, and at least that many records stay', async () => {
    const { db, store, clean, count } = await days(30, { maxRows: 95 });
    await clean();
    expect((await stored(db))[0]!.time).toBe(now - 9 * DAY - 9000);
    expect(await count()).toBe(100);
    await store.commit([taken(...Array.from({ length: 4 }, () => settled({ time: now })))]);
    await clean();
    expect(await count()).toBe(104);
    await store.commit([taken(settled({ time: now }))]);
    await clean();
    expect(await stored(db)).toHaveLength(95);
    await db.close();
  });

  test('blocks beyond the bytes go, and the sums stay', async () => {
    const { db, clean, count, bytes } = await days(30, { maxBytes: 1 });
    await clean();
    expect(await count()).toBe(10);
    expect(await countOf(db, 'bytes')).toBeLessThan(bytes * 1.1);
    expect((await read(db).usage.report(EVERYTHING)).total.requests).toBe(300);
    await db.close();
  });

  test('much is deleted in many steps', async () => {
    const { db, clean, count } = await days(200, { maxRows: 10 });
    expect(await clean()).toBeGreaterThan(3);
    expect(await count()).toBe(10);
    await db.close();
  });

  test('when all records are gone, what is searched by them too, every report still has its sums', async () => {
    const db = await open();
    const records = Array.from({ length: 400 }, (_, i) =>
      settled({
        time: now - i * 7_300_000,
        keyId: `key_${i % 3}`,
        customer: `customer-${i % 7}`,
        model: i % 2 === 0 ? 'support' : 'writer',
        tags: [`tag:${i % 4}`],
        user: i % 5 === 0 ? 'ada' : '',
        costNano: i * 1001,
        status: i % 9 === 0 ? 500 : 200,
        outcome: i % 9 === 0 ? 'error' : 'ok',
      }),
    );
    await new LedgerStore(db).commit([taken(...records.slice(0, 150)), taken(...records.slice(150))]);
    const maker = new SegmentMaker(db, new BlockData(() => {}), 100);
    while (await maker.step());
    const { usage } = read(db);
    const queries = [[], ['day'], ['key', 'model'], ['customer'], ['tag'], ['user', 'day'], ['provider']].map(
      (groupBy) => ({ ...EVERYTHING, groupBy }) as UsageQuery,
    );
    queries.push({ ...EVERYTHING, groupBy: ['hour'], timeZone: 'Asia/Kolkata' });
    const reports = async () => Promise.all(queries.map((query) => usage.report(query)));
    const before = await reports();
    expect(before[0]?.total).toMatchObject({ requests: 400 });
    const retention = new BlockRetention(db, { ...NO_LIMIT, days: 1 });
    while (await retention.step(now + 100 * DAY));
    while (await maker.step());
    expect(await stored(db)).toEqual([]);
    expect(await db.all('SELECT count(*) FROM request_columns')).toEqual([[0]]);
    expect(await reports()).toEqual(before);
    // Those of a new process, too, which has nothing in memory.
    const again = read(db).usage;
    expect(await Promise.all(queries.map((query) => again.report(query)))).toEqual(before);
    await db.close();
  });

  test('old quarters go and their days stay; old days go, and with them groups that nothing is left of', async () => {
    const { db, store } = await days(30, {});
    await store.commit([taken(settled({ time: now - 29 * DAY, customer: 'long gone' }))]);
    // Columns that were written before must not tell what is gone.
    const blocks = new UsageBlocks(db);
    while (await blocks.step(now + 2 * DAY));
    let groups = 0;
    const retention = new UsageRetention(db, { quarterDays: 10, sumDays: 20 }, () => groups++);
    while (await retention.step(now));
    const { usage } = read(db);
    const all = await usage.report({ ...EVERYTHING, groupBy: ['day'] });
    expect(all.rows).toHaveLength(21);
    const first = await db.all('SELECT min(slot) FROM usage_quarters');
    expect(Number(first[0]![0])).toBeGreaterThanOrEqual(((now - 10 * DAY) / DAY) * 96);
    expect(await db.all('SELECT customer FROM usage_groups')).toEqual([['acme']]);
    expect(groups).toBeGreaterThan(0);
    // Where there are no quarters left, an hour and a day of another zone are told by whole days, and the report says so.
    const berlin = await usage.report({ ...EVERYTHING, groupBy: ['day'], timeZone: 'Europe/Berlin' });
    expect(berlin.total).toEqual(all.total);
    expect(berlin.rows.reduce((sum, row) => sum + row.sums.requests, 0)).toBe(all.total.requests);
    expect(berlin.wholeDaysBefore).toBe(now - 10 * DAY);
    expect(all.wholeDaysBefore).toBeNull();
    while (await blocks.step(now + 2 * DAY));
    expect(await usage.report({ ...EVERYTHING, groupBy: ['day'] })).toEqual(all);
    expect(await usage.report({ ...EVERYTHING, groupBy: ['day'], timeZone: 'Europe/Berlin' })).toEqual(
      berlin,
    );
    await db.close();
  });

  test('no record is lost or doubled by merging, in whatever sizes and at whatever times they come', async () => {
    const noon = Date.UTC(2026, 0, 31, 12);
    const size = fc.oneof(fc.constantFrom(1, 2, 128), fc.integer({ min: 1, max: 200 }));
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(size, fc.nat({ max: 3 * DAY }), fc.boolean()), { maxLength: 40 }),
        async (batches) => {
          const db = await open();
          const store = new LedgerStore(db);
          const merger = new BlockMerger(db, read(db).data);
          const merge = async (at: number): Promise<void> => {
            while (await merger.step(at));
          };
          const all: string[] = [];
          for (const [count, time, mergeNow] of batches) {
            const records: SettledRecord[] = Array.from({ length: count }, () =>
              settled({ time: noon + time }),
            );
            all.push(...records.map((record) => record.id));
            await store.commit([taken(...records)]);
            if (mergeNow) await merge(noon + time);
          }
          await merge(noon + 9 * DAY);
          expect((await stored(db)).map((record) => record.id).sort()).toEqual(all.sort());
          expect(await countOf(db, 'requests')).toBe(all.length);
          const [sums] = await db.all(
            'SELECT coalesce(sum(length(data)), 0), coalesce(max(last_ms - first_ms), 0) FROM request_blocks',
          );
          expect(await countOf(db, 'bytes')).toBe(Number(sums![0]));
          expect(Number(sums![1])).toBeLessThan(DAY);
          await db.close();
        },
      ),
      { numRuns: Math.ceil(runs / 2) },
    );
  });

  test('objects have the owner that was told last, until nobody has seen them for long', async () => {
    const db = await open();
    let time = 0;
    const owners = new ObjectOwners(db, () => time);
    const owned = (id: string, key: string) => ({ id, provider: 'openai', key });
    await owners.add([owned('file-1', 'a'), owned('file-2', 'a'), owned('file-1', 'b')]);
    expect(await owners.find(['unknown', 'file-1'])).toEqual([owned('file-1', 'b')]);
    expect(await owners.find(['file\0-1'])).toEqual([]);
    time = 300 * DAY;
    expect(await owners.find(['file-2'])).toEqual([owned('file-2', 'a')]);
    while (await owners.expire(500 * DAY));
    expect(await owners.find(['file-1'])).toEqual([]);
    expect(await owners.find(['file-2'])).toHaveLength(1);
    await db.close();
  });

  test('the virtual key that made an object stays its holder', async () => {
    const db = await open();
    const owners = new ObjectOwners(db);
    const owned = (id: string, holder?: string) => ({ id, provider: 'openai', key: 'a', holder });
    await owners.add([owned('file-1', 'first'), owned('file-1', 'second'), owned('file-2')]);
    await owners.add([owned('file-1', 'third'), owned('file-1'), owned('file-2', 'later')]);
    expect(await owners.find(['file-1', 'file-2'])).toEqual([
      owned('file-1', 'first'),
      owned('file-2', 'later'),
    ]);
    await db.close();
  });
}
