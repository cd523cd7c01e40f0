import fc from 'fast-check';
import { expect, test } from 'vitest';
import { rebuildLedger, verifyLedger } from '../../../core/store/ledger-check.js';
import { LedgerStore } from '../../../core/store/ledger-store.js';
import { BlockRetention } from '../../../core/store/retention.js';
import { UsageRetention } from '../../../core/store/usage-retention.js';
import { EVERYTHING, read } from '../reading.js';
import { anyRecord, settled, taken } from '../records.js';
import type { Database } from './database.js';

const DAY = 86_400_000;

/** What every database of a ledger is checked and made anew like. */
export function checkSuite({ open, runs }: Database): void {
  const now = Date.UTC(2026, 0, 31, 12);
  const several = () =>
    Array.from({ length: 40 }, (_, i) =>
      settled({ time: now - i * 3_600_000, keyId: `k${i % 3}`, costNano: 1000 + i }),
    );

  test('sums of whatever was written are what its records come to', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uniqueArray(anyRecord, { selector: ({ id }) => id, minLength: 1, maxLength: 8 }), {
          maxLength: 6,
        }),
        async (batches) => {
          const db = await open();
          const store = new LedgerStore(db);
          for (const records of batches) await store.commit([taken(...records)]);
          const { records, wrongCount, damaged } = await verifyLedger(db);
          expect({ records, wrongCount, damaged }).toEqual({
            records: batches.flat().length,
            wrongCount: 0,
            damaged: 0,
          });
          const before = await read(db).usage.report(EVERYTHING);
          expect((await rebuildLedger(db)).wrongCount).toBe(0);
          expect(await read(db).usage.report(EVERYTHING)).toEqual(before);
          await db.close();
        },
      ),
      { numRuns: runs },
    );
  });

  test('a sum that is wrong, missing or too many is found, named and mended', async () => {
    const db = await open();
    await new LedgerStore(db).commit([taken(...several())]);
    const before = await read(db).usage.report(EVERYTHING);
    const [[slot] = []] = await db.all('SELECT min(slot) FROM usage_quarters');
    await db.run('UPDATE usage_quarters SET cost_nano = cost_nano + 7 WHERE slot = ?', [Number(slot)]);
    await db.run('DELETE FROM usage_days WHERE day = (SELECT max(day) FROM usage_days)');
    await db.run(
      'UPDATE usage_quarters SET slot = slot + 1 WHERE slot = (SELECT max(slot) FROM usage_quarters)',
    );
    const found = await verifyLedger(db);
    expect(found.wrongCount).toBeGreaterThan(3);
    const cost = found.wrong.find(
      ({ column, kept, records }) => column === 'cost_nano' && kept - records === 7n,
    );
    expect(cost).toMatchObject({ table: 'usage_quarters', time: Number(slot) * 900_000 });
    expect(cost?.group).toMatchObject({ key_id: expect.stringMatching(/^k\d$/) });
    // Looking changes nothing.
    expect((await verifyLedger(db)).wrongCount).toBe(found.wrongCount);
    expect((await rebuildLedger(db)).wrongCount).toBe(found.wrongCount);
    expect((await verifyLedger(db)).wrongCount).toBe(0);
    expect(await read(db).usage.report(EVERYTHING)).toEqual(before);
    await db.close();
  });

  test('a record that is there twice is told by its id', async () => {
    const db = await open();
    const store = new LedgerStore(db);
    const record = settled({ time: now });
    await store.commit([taken(record)]);
    await store.commit([taken(record, settled({ time: now + 1 }))]);
    const { twice, wrongCount, records } = await verifyLedger(db);
    expect({ twice, wrongCount, records }).toEqual({ twice: [record.id], wrongCount: 0, records: 3 });
    await db.close();
  });

  test('what retention has deleted is neither missed nor made anew', async () => {
    const db = await open();
    const store = new LedgerStore(db);
    await store.commit(
      Array.from({ length: 20 }, (_, i) =>
        taken(...Array.from({ length: 5 }, () => settled({ time: now - i * DAY }))),
      ),
    );
    const limits = {
      days: 8,
      maxRows: 1e9,
      maxBytes: Number.POSITIVE_INFINITY,
      quarterDays: 4,
      sumDays: null,
    };
    const chores = [new BlockRetention(db, limits), new UsageRetention(db, limits, () => undefined)];
    for (const chore of chores) while (await chore.step(now));
    const before = await read(db).usage.report(EVERYTHING);
    const check = await verifyLedger(db);
    expect(check.wrongCount).toBe(0);
    expect(check.from).toBeGreaterThan(0);
    expect((await rebuildLedger(db)).wrongCount).toBe(0);
    expect(await read(db).usage.report(EVERYTHING)).toEqual(before);
    expect(before.total.requests).toBe(100);
    await db.close();
  });
}
