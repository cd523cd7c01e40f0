import type { LedgerSql, Statements } from './ledger-sql.js';
import { one } from './ledger-sql.js';
import { alone } from './maintenance.js';
import { deleteBlocks } from './request-blocks.js';

export interface Retention {
  /** Records of requests are deleted when they are older than this many days. */
  days: number;
  /** When there are more records than this, the oldest are deleted. */
  maxRows: number;
  /** When all records take more bytes than this, the oldest are deleted. */
  maxBytes: number;
  /** Sums of quarters of an hour are deleted when they are older than this many days. */
  quarterDays: number;
  /** Sums of days are deleted when they are older than this many days; null never. */
  sumDays: number | null;
}

/** Blocks and records deleted at a time, so that the thread soon comes back to its other work. */
const STEP_BLOCKS = 64;
const STEP_RECORDS = 16_384;
const DAY_MS = 86_400_000;

const OLDEST = `SELECT id, last_ms, records, length(data) FROM request_blocks
ORDER BY last_ms, first_ms, id LIMIT ${STEP_BLOCKS}`;

/**
 * Deletes old records, a whole block at a time: a block goes when its latest record is too old, or when enough newer
 * records, or bytes of them, remain without it. So what is kept may be up to a block more than asked for, never less. The sums
 * stay; from when on they can be told from the records is kept as `complete_since_ms`.
 */
export class BlockRetention {
  constructor(
    private readonly db: LedgerSql,
    private readonly limits: Pick<Retention, 'days' | 'maxRows' | 'maxBytes'>,
  ) {}

  /** Deletes some; true when there may be more to delete. Rejects when the database refuses. */
  step(now: number): Promise<boolean> {
    return alone(this.db, false, (sql) => this.delete(sql, now));
  }

  private async delete(sql: Statements, now: number): Promise<boolean> {
    const tooOld = now - this.limits.days * DAY_MS;
    const kept = await countOf(sql, 'requests');
    const keptBytes = await countOf(sql, 'bytes');
    const oldest = (await sql.all(OLDEST)) as [id: number, lastMs: number, records: number, bytes: number][];
    const doomed: number[] = [];
    let removed = 0;
    let bytes = 0;
    let until = 0;
    for (const [id, lastMs, records, size] of oldest) {
      if (removed >= STEP_RECORDS) break;
      const enough =
        kept - removed - records >= this.limits.maxRows || keptBytes - bytes - size >= this.limits.maxBytes;
      if (lastMs >= tooOld && !enough) break;
      doomed.push(id);
      removed += records;
      bytes += size;
      until = lastMs + 1;
    }
    if (doomed.length === 0) return false;
    await deleteBlocks(sql, doomed, removed, bytes);
    await raise(sql, 'complete_since_ms', until);
    return doomed.length === STEP_BLOCKS || removed >= STEP_RECORDS;
  }
}

/** A number that the ledger keeps beside its tables. */
export function countOf(sql: Statements, name: string): Promise<number> {
  return one(sql, 'SELECT value FROM ledger_counts WHERE name = ?', [name]);
}

/** Sets such a number, unless it is larger already. */
export async function raise(sql: Statements, name: string, value: number): Promise<void> {
  await sql.run('UPDATE ledger_counts SET value = ? WHERE name = ? AND value < ?', [value, name, value]);
}
