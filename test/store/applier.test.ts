import type { SettledRecord } from '@headgate/sdk';
import { expect, test } from 'vitest';
import { Applier, type ApplierOptions } from '../../core/store/applier.js';
import { LedgerStore, type TakenBatch } from '../../core/store/ledger-store.js';
import type { RecordBatch } from '../../core/store/record-batch.js';
import { batchOf, decodeRecords, encodeRecords } from '../../core/store/record-codec.js';
import { Spool } from '../../core/store/spool.js';
import { inMemory, stored } from './reading.js';
import { settled } from './records.js';
import { tempDir } from './temp-dir.js';

/** A database that can be broken, and what it was given. */
class FakeStore {
  readonly ids: string[] = [];
  failure: Error | null = null;
  largest = 0;

  async commit(batches: readonly TakenBatch[]): Promise<number> {
    if (this.failure !== null) throw this.failure;
    const records = batches.flatMap(({ batch }) => decodeRecords(batch.bytes));
    if (records.some((record) => record.customer === 'poison')) throw poisoned();
    this.largest = Math.max(this.largest, records.length);
    for (const record of records) this.ids.push(record.id);
    return records.length;
  }

  async refusal(batch: RecordBatch): Promise<unknown> {
    return batch.columns.customer.mayHave('poison') ? poisoned() : null;
  }
}

function poisoned(): Error {
  return Object.assign(new Error('NOT NULL constraint failed'), { code: 'SQLITE_CONSTRAINT_NOTNULL' });
}

async function start(spool: Spool | null, options: Partial<ApplierOptions> = {}) {
  const store = new FakeStore();
  const troubles: string[] = [];
  const seen = { lost: 0, recovered: 0 };
  const applier = new Applier({
    store,
    spool,
    onTrouble: (message) => troubles.push(message),
    onRecovered: () => seen.recovered++,
    onLost: (records) => {
      seen.lost += records;
    },
    ...options,
  });
  while (await applier.step());
  const give = (records: SettledRecord[]): void => {
    const batch = batchOf(records);
    applier.add(batch, spool === null ? null : spool.append(batch.bytes));
  };
  return { store, applier, troubles, seen, give };
}

const ids = (records: readonly SettledRecord[]): string[] => records.map((record) => record.id);
const batch = (size: number): SettledRecord[] => Array.from({ length: size }, () => settled());

test('a database that refuses gets everything later, once and in order, while memory stays bounded', async () => {
  const spool = new Spool(tempDir());
  const { store, applier, seen, give } = await start(spool, { maxQueued: 100 });
  store.failure = Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' });
  const batches = Array.from({ length: 60 }, () => batch(20));
  let most = 0;
  for (const records of batches) {
    give(records);
    expect(await applier.step()).toBe(false);
    most = Math.max(most, applier.waiting);
  }
  expect(most).toBeLessThan(200);
  expect(applier.delayMs).toBe(10_000);
  store.failure = null;
  while (await applier.step());
  expect(store.ids).toEqual(ids(batches.flat()));
  expect(seen).toEqual({ lost: 0, recovered: 1 });
  expect(applier.idle).toBe(true);
  expect(spool.backlogBytes).toBe(0);
  const later = batch(3);
  give(later);
  await applier.step();
  expect(store.ids.slice(-3)).toEqual(ids(later));
});

test('one record that the database can never take does not stop the others', async () => {
  const { store, applier, troubles, seen, give } = await start(new Spool(tempDir()));
  const poison = settled({ customer: 'poison' });
  const [first, before, after, last] = [batch(2), batch(2), batch(2), batch(2)];
  give(first);
  give([...before, poison, ...after]);
  give(last);
  while (await applier.step());
  expect(store.ids).toEqual(ids([...first, ...before, ...after, ...last]));
  expect(seen.lost).toBe(1);
  expect(troubles).toEqual([expect.stringContaining(poison.id)]);
  expect(applier.idle).toBe(true);
});

/**
 * The one thing that could count twice: the database has the batches, but says that it does not, for example since the
 * disk failed while it answered. They are written again, from the queue or, after a restart, from the spool.
 */
test.each(['in the same process', 'after a restart'])(
  'a commit that only seemed to fail counts once, %s',
  async (when) => {
    const db = await inMemory();
    const real = new LedgerStore(db);
    const dir = tempDir();
    let lies = 1;
    const store = {
      commit: async (batches: readonly TakenBatch[]) => {
        const written = await real.commit(batches);
        if (lies-- > 0) throw new Error('disk I/O error');
        return written;
      },
      refusal: (one: RecordBatch) => real.refusal(one),
    };
    const spool = new Spool(dir);
    const { applier, give } = await start(spool, { store, maxTransaction: 5 });
    const batches = [batch(3), batch(4), batch(2)];
    for (const records of batches) give(records);
    expect(await applier.step()).toBe(false);
    if (when === 'in the same process') while (await applier.step());
    else {
      const again = new Spool(dir);
      await again.recover((segment) => real.positionOf(segment));
      await start(again, { store });
    }
    expect(ids(await stored(db))).toEqual(ids(batches.flat()));
    await db.close();
  },
);

test('a batch in the spool that cannot be decoded is told and passed over', async () => {
  const dir = tempDir();
  const good = batch(2);
  const before = new Spool(dir);
  before.append(Buffer.from([1]));
  before.append(new Uint8Array(encodeRecords(good)));
  const spool = new Spool(dir);
  await spool.recover(async () => null);
  const { store, troubles, applier } = await start(spool);
  expect(store.ids).toEqual(ids(good));
  expect(troubles).toHaveLength(1);
  expect(applier.idle).toBe(true);
});

test('without a spool what does not fit in memory is lost, oldest first, and counted', async () => {
  const { store, applier, seen, give } = await start(null, { maxQueued: 30 });
  store.failure = new Error('no');
  const batches = [batch(20), batch(20), batch(10)];
  for (const records of batches) give(records);
  store.failure = null;
  while (await applier.step());
  expect(store.ids).toEqual(ids([...batches[1]!, ...batches[2]!]));
  expect(seen.lost).toBe(20);
});

test('transactions are bounded', async () => {
  const { store, applier, give } = await start(null, { maxTransaction: 50 });
  for (let i = 0; i < 20; i++) give(batch(20));
  while (await applier.step());
  expect(store.ids).toHaveLength(400);
  expect(store.largest).toBe(60);
});

test.each([true, false])(
  'a mark is reached although new batches keep coming (with a spool: %s)',
  async (spooled) => {
    const { applier, give } = await start(spooled ? new Spool(tempDir()) : null, { maxTransaction: 10 });
    for (let i = 0; i < 5; i++) give(batch(10));
    const reached = applier.mark();
    let steps = 0;
    while (!reached()) {
      await applier.step();
      give(batch(10));
      expect(++steps).toBeLessThan(10);
    }
    expect(steps).toBe(5);
    expect(applier.idle).toBe(false);
  },
);
