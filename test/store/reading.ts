import type { SettledRecord } from '@headgate/sdk';
import { BlockData } from '../../core/store/block-data.js';
import { OldRequests } from '../../core/store/old-requests.js';
import type { Sqlite } from '../../core/store/open-database.js';
import { RequestReader, type TimeRange } from '../../core/store/request-reader.js';
import { UsageReader } from '../../core/store/usage-reader.js';

export const ALWAYS: TimeRange = { from: Number.MIN_SAFE_INTEGER, to: Number.MAX_SAFE_INTEGER };

/** Readers of a database, and the blocks that they could not read. */
export function read(db: Sqlite, old = new OldRequests(db)) {
  const damaged: number[] = [];
  const requests = new RequestReader(db, new BlockData(db, (block) => damaged.push(block)));
  return { requests, usage: new UsageReader(db, requests, old), damaged };
}

/** All records in blocks, oldest first. */
export function stored(db: Sqlite): SettledRecord[] {
  return [...read(db).requests.records(ALWAYS, 'oldest first')];
}
