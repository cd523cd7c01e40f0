import type { SettledRecord } from '@headgate/sdk';
import { expect, test } from 'vitest';
import { BlockData } from '../../../core/store/block-data.js';
import { BlockMerger } from '../../../core/store/block-merger.js';
import { LedgerStore } from '../../../core/store/ledger-store.js';
import { RequestSearch } from '../../../core/store/requests/request-search.js';
import { RequestTail } from '../../../core/store/requests/request-tail.js';
import { NO_FILTER } from '../../../core/store/requests/search-query.js';
import { settled, taken } from '../records.js';
import type { Database } from './database.js';

const DIGITS = '0123456789abcdefghjkmnpqrstvwxyz';
let made = 0;

/** One that has just been settled, with an id that says when it arrived. */
function fresh(over: Partial<SettledRecord> = {}): SettledRecord {
  const time = over.time ?? Date.now();
  let rest = time;
  let digits = '';
  for (let i = 0; i < 9; i++) {
    digits = (DIGITS[rest % 32] as string) + digits;
    rest = Math.floor(rest / 32);
  }
  return settled({ id: `req_${digits}${String(++made).padStart(15, '0')}`, time, ...over });
}

const ids = (records: readonly SettledRecord[]): string[] => records.map(({ id }) => id);

/** What whoever follows new records sees, on every database of a ledger. */
export function tailSuite({ open }: Database): void {
  const start = async () => {
    const db = await open();
    const data = new BlockData(() => {});
    const store = new LedgerStore(db);
    const trouble = (message: string, error: unknown): void => expect.fail(`${message}: ${String(error)}`);
    const tail = new RequestTail(new RequestSearch(db, data), db, data, trouble);
    /** Written by this node, or by another one of which this one hears nothing. */
    const write = async (records: readonly SettledRecord[], here = true): Promise<void> => {
      const batch = taken(...records);
      await store.commit([batch]);
      if (here || db.kind === 'sqlite') tail.committed([batch.batch]);
    };
    /** The next so many records, however they come. */
    const next = async (id: string, count: number): Promise<{ records: SettledRecord[]; left: number }> => {
      const records: SettledRecord[] = [];
      let left = 0;
      const until = Date.now() + 20_000;
      while (records.length + left < count && Date.now() < until) {
        const news = await tail.next({ id, waitMs: 100 });
        records.push(...news.records);
        left += news.left;
      }
      return { records, left };
    };
    const listen = async (since: string | null = null): Promise<string> =>
      (await tail.begin({ filter: NO_FILTER, since }))!.id;
    const close = async (): Promise<void> => {
      tail.close();
      await db.close();
    };
    return { db, data, tail, write, next, listen, close };
  };

  test('tells of each new record once, whichever node wrote it and whatever is merged', async () => {
    const { db, data, tail, write, next, listen, close } = await start();
    const before = Date.now() - 1_000;
    await write([fresh({ time: before }), fresh({ time: before })]);
    const id = await listen();
    const small = Array.from({ length: 40 }, () => Array.from({ length: 30 }, () => fresh()));
    const told: SettledRecord[] = [];
    for (const [i, records] of small.entries()) {
      await write(records, i % 2 === 0);
      if (i % 20 === 19) told.push(...(await next(id, 600)).records);
    }
    expect(ids(told).toSorted()).toEqual(ids(small.flat()).toSorted());
    // The small blocks become a large one, which has a higher id.
    expect(await new BlockMerger(db, data).step(Date.now())).toBe(true);
    const last = fresh();
    await write([last], false);
    expect(ids((await next(id, 1)).records)).toEqual([last.id]);
    expect((await tail.next({ id, waitMs: 1200 })).records).toEqual([]);
    await close();
  });

  test('leaves out what a listener is too slow for, says how many, and goes on', async () => {
    const { tail, write, next, listen, close } = await start();
    const id = await listen();
    const many = Array.from({ length: 1500 }, () => fresh());
    for (let i = 0; i < many.length; i += 100) await write(many.slice(i, i + 100));
    // In Postgres they are found when it is looked again.
    await expect.poll(() => tail.waiting(id), { timeout: 20_000 }).toBe(1500);
    const slow = await next(id, 1500);
    expect([slow.records.length, slow.left]).toEqual([1000, 500]);
    expect(ids(slow.records)).toEqual(ids(many.slice(0, 1000)));
    const after = fresh();
    await write([after]);
    expect(ids((await next(id, 1)).records)).toEqual([after.id]);
    await close();
  });

  test('of what was told before nothing comes again when the listener comes back, also twice', async () => {
    const { tail, write, next, listen, close } = await start();
    // Settled within the ten seconds that are looked at again, and not in a whole millisecond: Postgres refused such a time.
    const [one, two, three] = [fresh(), fresh(), fresh()];
    const first = await listen();
    await write([one, two, three]);
    expect(ids((await next(first, 3)).records)).toEqual([one.id, two.id, three.id]);
    tail.end(first);
    const missed = fresh();
    await write([missed]);
    // It had taken two of them when the connection broke.
    const second = await listen(two.id);
    expect(ids((await next(second, 2)).records)).toEqual([three.id, missed.id]);
    tail.end(second);
    const third = await listen(missed.id);
    const news = fresh();
    await write([news]);
    expect(ids((await next(third, 1)).records)).toEqual([news.id]);
    expect((await tail.next({ id: third, waitMs: 700 })).records).toEqual([]);
    // Somebody else, who asks for other things, was told nothing before.
    const filter = { ...NO_FILTER, ranges: { status: [{ least: 0, most: 999 }] } };
    const other = (await tail.begin({ filter, since: two.id }))!.id;
    expect(ids((await next(other, 4)).records)).toEqual([one.id, three.id, missed.id, news.id]);
    await close();
  });

  test('tells first of what was settled since, in that order', async () => {
    const { write, next, listen, close } = await start();
    const now = Date.now();
    const old = fresh({ time: now - 3_600_000, totalMs: 5 });
    const last = fresh({ time: now - 60_000, totalMs: 20_000 });
    const long = fresh({ time: now - 3_000_000, totalMs: 3_000_000 - 5_000 });
    const short = fresh({ time: now - 20_000, totalMs: 10 });
    await write([long, old, short, last]);
    const id = await listen(last.id);
    const news = fresh();
    await write([news]);
    expect(ids((await next(id, 3)).records)).toEqual([short.id, long.id, news.id]);
    await close();
  });
}
