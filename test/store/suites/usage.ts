import type { SettledRecord } from '@headgate/sdk';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { rebuildLedger, verifyLedger } from '../../../core/store/ledger-check.js';
import type { LedgerSql } from '../../../core/store/ledger-sql.js';
import { LedgerStore } from '../../../core/store/ledger-store.js';
import { isUnpriced } from '../../../core/store/unpriced.js';
import { UsageBlocks } from '../../../core/store/usage-blocks.js';
import type { UsageDimension, UsageFilter } from '../../../core/store/usage-report.js';
import { EVERYTHING, read } from '../reading.js';
import { anyRecord, settled, taken } from '../records.js';
import type { Database } from './database.js';

const QUARTER = 900_000;

/** As the housekeeping does at that time, until there is nothing left to do. */
async function makeBlocks(db: LedgerSql, now: number): Promise<void> {
  const blocks = new UsageBlocks(db);
  while (await blocks.step(now));
}

/** Whole hours ahead, half ones, three quarters; one whose clock changes within the records' days would be elsewhere. */
const ZONES = ['UTC', 'Europe/Berlin', 'Asia/Kolkata', 'Asia/Kathmandu', 'America/Los_Angeles'];

/** What every database of a ledger tells of usage. */
export function usageSuite({ open, runs }: Database): void {
  const start = async (...records: SettledRecord[]) => {
    const db = await open();
    await new LedgerStore(db).commit([taken(...records)]);
    return { db, reader: read(db).usage };
  };

  test('a report equals the sum of the records in its quarters of an hour, by any mix, in any zone', async () => {
    const dimension = fc.constantFrom<UsageDimension>(
      ...(['org', 'team', 'project', 'user', 'key', 'customer', 'tag', 'model', 'provider'] as const),
      ...(['upstream_model', 'operation', 'endpoint', 'month', 'day', 'hour'] as const),
    );
    const time = fc.option(fc.integer({ min: Date.UTC(2026, 0, 29), max: Date.UTC(2026, 1, 3) }));
    /** Before, between and after the records. */
    const someTime = fc.constantFrom(
      0,
      Date.UTC(2026, 0, 31, 12, 40),
      Date.UTC(2026, 1, 1, 5),
      Date.UTC(2027, 0, 1),
    );
    const filter: fc.Arbitrary<UsageFilter> = fc.constantFrom<UsageFilter>(
      {},
      {},
      { customer: ['acme', ''] },
      { tag: ['b'] },
      { tag: ['', 'acme'], provider: ['openai'] },
      { key: ['k1'] },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(anyRecord, { selector: (record) => record.id, maxLength: 50 }),
        fc.uniqueArray(dimension, { maxLength: 4 }),
        time,
        time,
        fc.constantFrom(...ZONES),
        filter,
        fc.tuple(fc.nat({ max: 50 }), someTime, someTime),
        async (records, groupBy, from, to, timeZone, wanted, [early, first, last]) => {
          const { db, reader } = await start(...records.slice(0, early));
          await makeBlocks(db, first);
          await new LedgerStore(db).commit([taken(...records.slice(early))]);
          await makeBlocks(db, last);
          const report = await reader.report({ ...EVERYTHING, groupBy, from, to, timeZone, filter: wanted });
          const counted = records.filter(
            (record) =>
              (from === null || record.time >= Math.floor(from / QUARTER) * QUARTER) &&
              (to === null || record.time < Math.ceil(to / QUARTER) * QUARTER) &&
              meets(record, wanted),
          );
          expect(report.total).toEqual(sumOf(counted));
          const groups = new Map<string, SettledRecord[]>();
          for (const record of counted) {
            for (const group of groupsOf(groupBy, record, timeZone, wanted.tag)) {
              const name = JSON.stringify(group);
              groups.set(name, [...(groups.get(name) ?? []), record]);
            }
          }
          const rows = new Map(report.rows.map((row) => [JSON.stringify(row.group), row.sums]));
          expect(rows.size).toBe(report.rows.length);
          if (groupBy.length === 0) expect(report.rows).toEqual([]);
          else expect(rows).toEqual(new Map([...groups].map(([name, members]) => [name, sumOf(members)])));
          await db.close();
        },
      ),
      { numRuns: runs * 2 },
    );
  });

  test('a block that is damaged, or older than the tables, counts for nothing; verify names what is wrong', async () => {
    const { db, reader } = await start(settled({ costNano: 5 }), settled({ costNano: 7 }));
    await makeBlocks(db, Date.UTC(2027, 0, 1));
    expect((await reader.report(EVERYTHING)).total.costNano).toBe(12n);
    expect((await verifyLedger(db)).wrongCount).toBe(0);
    const [row = []] = await db.all('SELECT data FROM usage_blocks');
    const damaged = Uint8Array.from(row[0] as Uint8Array);
    damaged[damaged.length - 1] = 255;
    await db.run('UPDATE usage_blocks SET data = ?', [damaged]);
    expect((await read(db).usage.report(EVERYTHING)).total.costNano).toBe(12n);
    expect((await verifyLedger(db)).wrong).toMatchObject([
      { table: 'usage_blocks', time: Date.UTC(2026, 0, 31) },
    ]);
    await rebuildLedger(db);
    expect((await verifyLedger(db)).wrongCount).toBe(0);
    await new LedgerStore(db).commit([taken(settled({ costNano: 30 }))]);
    expect((await reader.report(EVERYTHING)).total.costNano).toBe(42n);
    await db.close();
  });

  test('pages follow one another without a gap, dearest first within a time', async () => {
    const records = Array.from({ length: 90 }, (_, i) =>
      settled({ customer: `c${i % 45}`, costNano: (i % 45) % 4, time: Date.UTC(2026, 0, 1 + (i % 3)) }),
    );
    const { db, reader } = await start(...records);
    const query = { ...EVERYTHING, groupBy: ['customer', 'day'] as const };
    const whole = await reader.report(query);
    const paged = [];
    let after: string | null = null;
    do {
      const page = await reader.report({ ...query, limit: 7, after });
      expect(page.total).toEqual(whole.total);
      paged.push(...page.rows);
      after = page.next;
    } while (after !== null);
    expect(paged).toEqual(whole.rows);
    expect(paged).toHaveLength(45);
    const days = whole.rows.map((row) => row.group[1]);
    expect(days).toEqual(days.toSorted());
    const firstDay = whole.rows
      .filter((row) => row.group[1] === days[0])
      .map((row) => Number(row.sums.costNano));
    expect(firstDay).toEqual(firstDay.toSorted((a, b) => b - a));
    await expect(reader.report({ ...query, after: 'nonsense' })).rejects.toThrow('"cursor"');
    await db.close();
  });

  test('a key goes by its name too, and shows the one it has now', async () => {
    const { db, reader } = await start(
      settled({ keyId: 'k1', keyName: 'before', time: 1000 }),
      settled({ keyId: 'k2', keyName: 'other', time: 1000 }),
    );
    await new LedgerStore(db).commit([taken(settled({ keyId: 'k1', keyName: 'now', time: 2000 }))]);
    const report = await reader.report({ ...EVERYTHING, groupBy: ['key'], filter: { key: ['now'] } });
    expect(report.rows).toMatchObject([{ group: ['k1'], keyName: 'now', sums: { requests: 2 } }]);
    await db.close();
  });

  /** In Berlin the clock went back at 01:00 UTC on that day: 02:00 came twice, and the day has 25 hours. */
  test('a day on which the clock changes has all of its hours, and an hour that comes twice is two', async () => {
    const change = Date.UTC(2026, 9, 25, 1);
    const times = [
      change - 30 * 60_000,
      change + 30 * 60_000,
      change - 3.5 * 3_600_000,
      change + 22 * 3_600_000,
    ];
    const { db, reader } = await start(...times.map((time) => settled({ time })));
    const query = { ...EVERYTHING, timeZone: 'Europe/Berlin' };
    const hours = await reader.report({ ...query, groupBy: ['hour'] });
    expect(hours.rows.map((row) => row.group[0])).toEqual([
      '2026-10-24T23:00:00+02:00',
      '2026-10-25T02:00:00+02:00',
      '2026-10-25T02:00:00+01:00',
      '2026-10-26T00:00:00+01:00',
    ]);
    const days = await reader.report({ ...query, groupBy: ['day', 'month'] });
    expect(days.rows.map((row) => [...row.group, row.sums.requests])).toEqual([
      ['2026-10-24', '2026-10', 1],
      ['2026-10-25', '2026-10', 2],
      ['2026-10-26', '2026-10', 1],
    ]);
    await db.close();
  });
}

function meets(record: SettledRecord, { tag, customer, provider, key }: UsageFilter): boolean {
  const tags = record.tags.length === 0 ? [''] : record.tags;
  return (
    (tag === undefined || tags.some((one) => tag.includes(one))) &&
    (customer?.includes(record.customer) ?? true) &&
    (provider?.includes(record.provider) ?? true) &&
    (key?.includes(record.keyId) ?? true)
  );
}

function groupsOf(
  groupBy: readonly UsageDimension[],
  record: SettledRecord,
  zone: string,
  tags: readonly string[] = [],
): string[][] {
  const own = [...new Set(record.tags.length === 0 ? [''] : record.tags)];
  const shown = !groupBy.includes('tag')
    ? ['']
    : tags.length === 0
      ? own
      : own.filter((one) => tags.includes(one));
  return shown.map((tag) => groupBy.map((one) => (one === 'tag' ? tag : groupOf(one, record, zone))));
}

function groupOf(dimension: Exclude<UsageDimension, 'tag'>, record: SettledRecord, zone: string): string {
  const named = { key: 'keyId', upstream_model: 'targetModel', endpoint: 'format' } as const;
  switch (dimension) {
    case 'month':
      return localTime(record.time, zone).slice(0, 7);
    case 'day':
      return localTime(record.time, zone).slice(0, 10);
    case 'hour':
      return `${localTime(record.time, zone).slice(0, 13)}:00:00${offsetText(record.time, zone)}`;
    case 'key':
    case 'upstream_model':
    case 'endpoint':
      return record[named[dimension]];
    default:
      return record[dimension];
  }
}

/** `2026-01-31T05:20:00` by the zone's clock, from the words of another formatter than the ledger's. */
function localTime(time: number, zone: string): string {
  return new Date(time).toLocaleString('sv-SE', { timeZone: zone }).replace(' ', 'T');
}

function offsetText(time: number, zone: string): string {
  if (zone === 'UTC') return 'Z';
  const text = new Date(time).toLocaleString('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
  return /GMT(.*)$/.exec(text)?.[1] ?? '';
}

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
