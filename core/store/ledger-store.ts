import type { LedgerSql, Statements } from './ledger-sql.js';
import type { NodeLives } from './node-lives.js';
import type { RecordBatch } from './record-batch.js';
import { insertBlocks } from './request-blocks.js';
import type { Position } from './spool.js';
import { positionOf, setPositions } from './spool-positions.js';
import { type UsageAdded, UsageAdder } from './usage-totals.js';
import { UsageWriter } from './usage-writer.js';

/** A batch and where it ends in the spool, null when it never was there. */
export interface TakenBatch {
  readonly batch: RecordBatch;
  readonly end: Position | null;
}

class OnlyTried extends Error {}

/** What the ledger writes to the database. */
export class LedgerStore {
  readonly usage = new UsageWriter();

  constructor(
    private readonly sql: LedgerSql,
    /** In a cluster. */
    private readonly lives: NodeLives | null = null,
  ) {}

  /**
   * Writes batches, their sums and the places in the spool that they lead to, all or nothing. A batch that the place in the
   * database has passed is in it already, and left out. Rejects when the database refuses.
   *
   * @param batches those of one spool file in the order in which they lie there
   * @returns how many records were written
   */
  async commit(batches: readonly TakenBatch[]): Promise<number> {
    const done = await this.sql.transaction(async (sql) => {
      const missing = await this.missing(sql, batches);
      const written = await this.write(sql, missing);
      await this.lives?.add(sql, missing, written.added.quarters);
      const ends = new Map<string, Position>();
      for (const { end } of missing) if (end !== null) ends.set(end.segment, end);
      await setPositions(sql, [...ends.values()]);
      return written;
    });
    this.usage.committed(done.added);
    return done.records;
  }

  /** Why the database would not take that batch, null when it would. */
  async refusal(batch: RecordBatch): Promise<unknown> {
    try {
      return await this.sql.transaction(async (sql) => {
        await this.write(sql, [{ batch, end: null }]);
        throw new OnlyTried();
      });
    } catch (error) {
      return error instanceof OnlyTried ? null : error;
    }
  }

  /** How far the database got with a file of the spool; null when it does not know it. */
  positionOf(segment: string): Promise<number | null> {
    return positionOf(this.sql, segment);
  }

  private async write(
    sql: Statements,
    batches: readonly TakenBatch[],
  ): Promise<{ records: number; added: UsageAdded }> {
    const full = batches.flatMap(({ batch }) => (batch.count === 0 ? [] : [batch]));
    await insertBlocks(sql, full);
    const adder = new UsageAdder();
    let records = 0;
    for (const batch of full) {
      adder.add(batch);
      records += batch.count;
    }
    const added = adder.take();
    await this.usage.add(sql, added);
    return { records, added };
  }

  private async missing(sql: Statements, batches: readonly TakenBatch[]): Promise<readonly TakenBatch[]> {
    const done = new Map<string, number>();
    for (const { end } of batches) {
      if (end !== null && !done.has(end.segment))
        done.set(end.segment, (await positionOf(sql, end.segment)) ?? 0);
    }
    return batches.filter(({ end }) => end === null || end.offset > (done.get(end.segment) ?? 0));
  }
}
