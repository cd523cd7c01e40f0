import { HourlyUsage } from './hourly-usage.js';
import type { Sqlite } from './open-database.js';
import type { RecordBatch } from './record-batch.js';
import { RequestBlocks } from './request-blocks.js';
import type { Position } from './spool.js';
import { SpoolPositions } from './spool-positions.js';
import { inTransaction } from './transaction.js';

/** A batch and where it ends in the spool, null when it never was there. */
export interface TakenBatch {
  readonly batch: RecordBatch;
  readonly end: Position | null;
}

/** What the ledger writes to the database. */
export class LedgerStore {
  readonly positions: SpoolPositions;
  private readonly blocks: RequestBlocks;
  private readonly hourly: HourlyUsage;

  constructor(private readonly db: Sqlite) {
    this.positions = new SpoolPositions(db);
    this.blocks = new RequestBlocks(db);
    this.hourly = new HourlyUsage(db);
  }

  /**
   * Writes batches, their hourly sums and the place in the spool that they lead to, all or nothing. A batch that the
   * place in the database has passed is in it already, and left out. Throws when the database refuses.
   *
   * @param batches in the order in which they were spooled
   * @returns how many records were written
   */
  commit(batches: readonly TakenBatch[]): number {
    return inTransaction(this.db, () => {
      const missing = this.missing(batches);
      const records = this.write(missing);
      for (let i = 0; i < missing.length; i++) {
        const end = missing[i]!.end;
        if (end !== null && end.segment !== missing[i + 1]?.end?.segment) this.positions.set(end);
      }
      return records;
    });
  }

  /** Why the database would not take that batch, null when it would. */
  refusal(batch: RecordBatch): unknown {
    this.db.exec('BEGIN IMMEDIATE');
    try {
      this.write([{ batch, end: null }]);
      return null;
    } catch (error) {
      return error;
    } finally {
      if (this.db.inTransaction) this.db.exec('ROLLBACK');
    }
  }

  private write(batches: readonly TakenBatch[]): number {
    let records = 0;
    for (const { batch } of batches) {
      if (batch.count === 0) continue;
      this.blocks.insert(batch);
      records += batch.count;
    }
    this.hourly.add(batches);
    this.blocks.counted(records);
    return records;
  }

  private missing(batches: readonly TakenBatch[]): readonly TakenBatch[] {
    let segment = '';
    let done = 0;
    let known = 0;
    for (const { end } of batches) {
      if (end === null) break;
      if (end.segment !== segment) {
        segment = end.segment;
        done = this.positions.of(segment) ?? 0;
      }
      if (end.offset > done) break;
      known++;
    }
    return known === 0 ? batches : batches.slice(known);
  }
}
