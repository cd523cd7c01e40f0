import type { SettledRecord } from '@headgate/sdk';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LedgerStore } from '../../core/store/ledger-store.js';
import { openDatabase } from '../../core/store/open-database.js';
import { RowRetention } from '../../core/store/retention.js';
import { isUnpriced } from '../../core/store/unpriced.js';
import { UsageReader } from '../../core/store/usage-reader.js';
import type { UsageDimension, UsageQuery } from '../../core/store/usage-report.js';
import { anyRecord, settled } from './records.js';

const HOUR = 3_600_000;
const everything: UsageQuery = { groupBy: [], from: null, to: null, customer: null, key: null };

function open() {
  const db = openDatabase(':memory:');
  return { db, store: new LedgerStore(db), reader: new UsageReader(db) };
}

test('records that come again, in any batches, are counted once', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(anyRecord, { selector: (record) => record.id, minLength: 1, maxLength: 90 }),
      fc.array(fc.nat({ max: 89 }), { maxLength: 90 }),
      (records, again) => {
        const { db, store, reader } = open();
        const replayed = again.flatMap((i) => (i < records.length ? [records[i]!] : []));
        let added = store.commit(records.slice(0, 50), null, []);
        added += store.commit([...replayed, ...records, ...replayed], null, []);
        expect(added).toBe(records.length);
        const { total } = reader.report(everything);
        expect(total.requests).toBe(records.length);
        expect(total.costNano).toBe(BigInt(records.reduce((sum, record) => sum + (record.costNano ?? 0), 0)));
        db.close();
      },
    ),
    { numRuns: 40 },
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
        store.commit(records, null, []);
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
        store.commit(records, null, []);
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
  store.commit(
    Array.from({ length: 40 }, () => settled({ costNano: cost })),
    null,
    [],
  );
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
  store.commit([odd], null, []);
  const { total } = reader.report(everything);
  expect(total).toMatchObject({ inputTokens: 1e12, outputTokens: 0, reasoningTokens: 0, cacheReadTokens: 1 });
});

test('a commit that fails leaves neither rows nor sums nor a position', () => {
  const { store, reader } = open();
  const bad = settled({ time: Number.NaN });
  const records = [...Array.from({ length: 40 }, () => settled()), bad];
  expect(() => store.commit(records, { segment: 's', offset: 99 }, [])).toThrow('NOT NULL');
  expect(reader.report(everything).total.requests).toBe(0);
  expect(store.doneOf('s')).toBeNull();
});

test('old rows and rows beyond the count go, the sums stay', () => {
  const { db, store, reader } = open();
  const now = Date.UTC(2026, 0, 31);
  const day = 24 * HOUR;
  const records = Array.from({ length: 100 }, (_, i) => settled({ time: now - i * day }));
  store.commit(records, null, []);
  const retention = new RowRetention(db, { days: 50, maxRows: 20 });
  while (retention.step(now));
  const left = db.prepare('SELECT count(*), min(time) FROM requests').raw().get() as number[];
  expect(left).toEqual([20, now - 19 * day]);
  expect(reader.report(everything).total.requests).toBe(100);
  store.commit([settled({ time: now })], null, []);
  while (retention.step(now));
  expect(db.prepare('SELECT count(*) FROM requests').raw().get()).toEqual([20]);
});

test('the readable view names what the detail holds', () => {
  const { db, store } = open();
  store.commit([settled({ session: 's-1', usage: null })], null, []);
  const row = db
    .prepare('SELECT operation, target_model, session, total_ms, usage FROM requests_readable')
    .raw()
    .get();
  expect(row).toEqual(['chat', 'gpt-4o', 's-1', 12.5, null]);
});
