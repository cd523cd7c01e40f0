import type { SettledRecord } from '@headgate/sdk';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LedgerStore } from '../../core/store/ledger-store.js';
import { openDatabase } from '../../core/store/open-database.js';
import { batchOf } from '../../core/store/record-codec.js';
import { isUnpriced } from '../../core/store/unpriced.js';
import type { UsageDimension, UsageQuery } from '../../core/store/usage-report.js';
import { read, stored } from './reading.js';
import { anyRecord, settled, taken } from './records.js';

const HOUR = 3_600_000;
const everything: UsageQuery = { groupBy: [], from: null, to: null, customer: null, key: null };

function open() {
  const db = openDatabase(':memory:');
  return { db, store: new LedgerStore(db), reader: read(db).usage };
}

test('batches that come again are in once, however they are grouped', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(anyRecord, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 12 }),
      fc.array(fc.tuple(fc.nat({ max: 11 }), fc.nat({ max: 12 })), { maxLength: 6 }),
      (batches, tries) => {
        const { db, store, reader } = open();
        // Two files of the spool, the second from the middle on.
        const middle = Math.floor(batches.length / 2);
        const spooled = batches.map((records, i) => ({
          batch: batchOf(records),
          end: i < middle ? { segment: 'a', offset: i + 1 } : { segment: 'b', offset: i - middle + 1 },
        }));
        // What is read back begins at a place that the database had reached, and may go on beyond it.
        let reached = 0;
        let written = 0;
        for (const [from, count] of [...tries, [0, batches.length] as const]) {
          const start = Math.min(from, reached);
          written += store.commit(spooled.slice(start, start + count));
          reached = Math.max(reached, Math.min(start + count, batches.length));
        }
        const records = batches.flat();
        expect(written).toBe(records.length);
        expect(stored(db)).toHaveLength(records.length);
        const { total } = reader.report(everything);
        expect(total.requests).toBe(records.length);
        expect(total.costNano).toBe(BigInt(records.reduce((sum, record) => sum + (record.costNano ?? 0), 0)));
        if (middle > 0) expect(store.positions.of('a')).toBe(middle);
        expect(store.positions.of('b')).toBe(batches.length - middle);
        db.close();
      },
    ),
    { numRuns: 60 },
  );
});

test('a report equals the sum of the records in its hours', () => {
  const dimension = fc.constantFrom<UsageDimension>('customer', 'key', 'model', 'provider', 'day', 'hour');
  const time = fc.option(fc.integer({ min: Date.UTC(2026, 0, 29), max: Date.UTC(2026, 1, 3) }));
  fc.assert(
    fc.property(
      fc.uniqueArray(anyRecord, { selector: (record) => record.id, maxLength: 60 }),
      fc.uniqueArray(dimension, { maxLength: 4 }),
      time,
      time,
      (records, groupBy, from, to) => {
        const { db, store, reader } = open();
        store.commit([taken(...records)]);
        const report = reader.report({ ...everything, groupBy, from, to });
        const counted = records.filter(
          (record) =>
            (from === null || record.time >= Math.floor(from / HOUR) * HOUR) &&
            (to === null || record.time < Math.ceil(to / HOUR) * HOUR),
        );
        expect(report.total).toEqual(sumOf(counted));
        const groups = new Map<string, SettledRecord[]>();
        for (const record of counted) {
          const name = JSON.stringify(groupBy.map((one) => groupOf(one, record)));
          groups.set(name, [...(groups.get(name) ?? []), record]);
        }
        const rows = new Map(report.rows.map((row) => [JSON.stringify(row.group), row.sums]));
        expect(rows.size).toBe(report.rows.length);
        if (groupBy.length === 0) expect(report.rows).toEqual([]);
        else expect(rows).toEqual(new Map([...groups].map(([name, members]) => [name, sumOf(members)])));
        db.close();
      },
    ),
    { numRuns: 60 },
  );
});

function sumOf(records: readonly SettledRecord[]) {
  const sum = (of: (record: SettledRecord) => number): number =>
    records.reduce((all, record) => all + of(record), 0);
  return {
    requests: records.length,
    errors: sum((r) => (r.outcome === 'error' ? 1 : 0)),
    unpricedRequests: sum((r) => (isUnpriced(r) ? 1 : 0)),
    inputTokens: sum((r) => r.usage?.inputTokens ?? 0),
    outputTokens: sum((r) => r.usage?.outputTokens ?? 0),
    cacheReadTokens: sum((r) => r.usage?.cacheReadTokens ?? 0),
    cacheWriteTokens: sum((r) => (r.usage?.cacheWriteTokens ?? 0) + (r.usage?.cacheWriteLongTokens ?? 0)),
    reasoningTokens: sum((r) => r.usage?.reasoningTokens ?? 0),
    costNano: BigInt(sum((r) => r.costNano ?? 0)),
  };
}

function groupOf(dimension: UsageDimension, record: SettledRecord): string {
  const time = new Date(record.time).toISOString();
  if (dimension === 'day') return time.slice(0, 10);
  if (dimension === 'hour') return `${time.slice(0, 13)}:00:00Z`;
  if (dimension === 'key') return record.keyId;
  return record[dimension];
}

test('what a key spent is exact from any millisecond on', () => {
  const start = Date.UTC(2026, 0, 31, 12);
  fc.assert(
    fc.property(
      fc.uniqueArray(anyRecord, { selector: (record) => record.id, maxLength: 60 }),
      fc.integer({ min: start - 3 * HOUR, max: start + 3 * HOUR }),
      (records, since) => {
        const { db, store, reader } = open();
        store.commit([taken(...records)]);
        const spent = records
          .filter((record) => record.keyId === 'k1' && record.time >= since)
          .reduce((sum, record) => sum + (record.costNano ?? 0), 0);
        expect(reader.spent('k1', since)).toBe(spent);
        db.close();
      },
    ),
    { numRuns: 40 },
  );
});

test('sums beyond what a double holds stay exact', () => {
  const { store, reader } = open();
  const cost = 999_999_999_999_999;
  store.commit([taken(...Array.from({ length: 40 }, () => settled({ costNano: cost })))]);
  expect(reader.report(everything).total.costNano).toBe(BigInt(cost) * 40n);
});

test('token counts that no provider can mean neither break nor overflow the sums', () => {
  const { store, reader } = open();
  const odd = settled();
  odd.usage = {
    ...odd.usage!,
    inputTokens: 1e300,
    outputTokens: Number.NaN,
    reasoningTokens: -5,
    cacheReadTokens: 1.5,
  };
  store.commit([taken(odd)]);
  const { total } = reader.report(everything);
  expect(total).toMatchObject({ inputTokens: 1e12, outputTokens: 0, reasoningTokens: 0, cacheReadTokens: 1 });
});

test('a commit that fails leaves neither records nor sums nor a position, and the bad record can be told', () => {
  const { db, store, reader } = open();
  const bad = settled({ time: Number.NaN });
  const records = [...Array.from({ length: 40 }, () => settled()), bad];
  const end = { segment: 's', offset: 99 };
  expect(() => store.commit([taken(settled()), { batch: batchOf(records), end }])).toThrow('NOT NULL');
  expect(reader.report(everything).total.requests).toBe(0);
  expect(stored(db)).toEqual([]);
  expect(store.positions.of('s')).toBeNull();
  expect(store.refusal(batchOf([bad]))).toMatchObject({ code: 'SQLITE_CONSTRAINT_NOTNULL' });
  expect(store.refusal(batchOf([settled()]))).toBeNull();
  expect(stored(db)).toEqual([]);
});

test('places in deleted files of the spool are forgotten, but not at once', () => {
  const { store } = open();
  store.commit([{ batch: batchOf([]), end: { segment: 'gone', offset: 7 } }]);
  store.commit([{ batch: batchOf([settled()]), end: { segment: 'here', offset: 9 } }]);
  store.positions.forget(['gone'], 0);
  store.positions.forget([], 60_000);
  expect(store.positions.of('gone')).toBe(7);
  store.positions.forget([], 900_000);
  expect(store.positions.of('gone')).toBeNull();
  expect(store.positions.of('here')).toBe(9);
});
