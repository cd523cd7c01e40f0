import type { Sqlite } from './open-database.js';
import { RequestBlocks } from './request-blocks.js';
import { inTransaction } from './transaction.js';

export interface Retention {
  /** Records of requests are deleted when they are older than this many days. */
  days: number;
  /** When there are more records than this, the oldest are deleted. */
  maxRows: number;
}

/** Blocks and records deleted at a time, so that the thread soon comes back to its other work. */
const STEP_BLOCKS = 64;
const STEP_RECORDS = 16_384;
const DAY_MS = 86_400_000;

/**
 * Deletes old records, a whole block at a time: a block goes when its latest record is too old, or when enough newer
 * records remain without it. So what is kept may be up to a block more than asked for, never less. The hourly sums stay.
 */
export class BlockRetention {
  private readonly blocks: RequestBlocks;
  private readonly count;
  private readonly oldest;

  constructor(
    private readonly db: Sqlite,
    private readonly limits: Retention,
  ) {
    this.blocks = new RequestBlocks(db);
    this.count = db.prepare("SELECT value FROM ledger_counts WHERE name = 'requests'").raw();
    this.oldest = db
      .prepare(
        `SELECT id, last_ms, records FROM request_blocks ORDER BY last_ms, first_ms, id LIMIT ${STEP_BLOCKS}`,
      )
      .raw();
  }

  /** Deletes some; true when there may be more to delete. Throws when the database refuses. */
  step(now: number): boolean {
    const tooOld = now - this.limits.days * DAY_MS;
    const kept = this.records();
    const oldest = this.oldest.all([]) as [id: number, lastMs: number, records: number][];
    const doomed: number[] = [];
    let removed = 0;
    for (const [id, lastMs, records] of oldest) {
      if (removed >= STEP_RECORDS) break;
      if (lastMs >= tooOld && kept - removed - records < this.limits.maxRows) break;
      doomed.push(id);
      removed += records;
    }
    if (doomed.length === 0) return false;
    inTransaction(this.db, () => {
      for (const id of doomed) this.blocks.delete(id);
      this.blocks.counted(-removed);
    });
    return doomed.length === STEP_BLOCKS || removed >= STEP_RECORDS;
  }

  private records(): number {
    const row: unknown = this.count.get();
    return Array.isArray(row) ? Number(row[0]) : 0;
  }
}
