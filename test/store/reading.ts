import type { SettledRecord } from '@headgate/sdk';
import { BlockData } from '../../core/store/block-data.js';
import { type LedgerSql, openLedgerSql } from '../../core/store/ledger-sql.js';
import { RequestReader, type TimeRange } from '../../core/store/request-reader.js';
import { UsageReader } from '../../core/store/usage-reader.js';
import type { UsageQuery } from '../../core/store/usage-report.js';
import { rowsOf } from '../../core/store/usage-table.js';

export const ALWAYS: TimeRange = { from: Number.MIN_SAFE_INTEGER, to: Number.MAX_SAFE_INTEGER };

export const EVERYTHING: UsageQuery = {
  groupBy: [],
  from: null,
  to: null,
  filter: {},
  timeZone: 'UTC',
  limit: 10_000,
  after: null,
};

/** A ledger's database in memory. */
export function inMemory(): Promise<LedgerSql> {
  return openLedgerSql({ kind: 'sqlite', path: ':memory:' });
}

/** Readers of a database, and the blocks that they could not read. */
export function read(db: LedgerSql) {
  const damaged: number[] = [];
  const data = new BlockData((block) => damaged.push(block));
  const requests = new RequestReader(db, data);
  const usage = new UsageReader(db, requests);
  const report = async (query: UsageQuery) => {
    const told = await usage.report(query);
    return { ...told, rows: rowsOf(told.table) };
  };
  return { requests, usage: { report, used: usage.used.bind(usage) }, data, damaged };
}

/** All records in blocks, oldest first. */
export async function stored(db: LedgerSql): Promise<SettledRecord[]> {
  const found: SettledRecord[] = [];
  for await (const record of read(db).requests.records(ALWAYS, 'oldest first')) found.push(record);
  return found;
}

/** The same of a database that is not open. */
export async function storedIn(path: string): Promise<SettledRecord[]> {
  const db = await openLedgerSql({ kind: 'sqlite', path });
  try {
    return await stored(db);
  } finally {
    await db.close();
  }
}
