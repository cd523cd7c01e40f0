import type { SettledRecord } from '@headgate/sdk';
import type { BlockData } from './block-data.js';
import type { LedgerSql, Statements } from './ledger-sql.js';
import { SMALL_BLOCK } from './ledger-version.js';
import { alone } from './maintenance.js';
import { copyOf } from './record-batch.js';
import { batchOf } from './record-codec.js';
import { deleteBlocks, insertBlocks } from './request-blocks.js';

/** Records that make a merged block: enough that what a block costs no longer counts. */
const FULL = 1024;
const DAY_MS = 86_400_000;

const IS_SMALL = `FROM request_blocks WHERE records < ${SMALL_BLOCK} AND last_ms >= ?`;
const FIRST_SMALL = `SELECT last_ms ${IS_SMALL} ORDER BY last_ms LIMIT 1`;
const SMALL = `SELECT id, records ${IS_SMALL} AND last_ms < ? ORDER BY last_ms, id LIMIT ${FULL}`;

/**
 * Makes large blocks of small ones, which low traffic leaves behind. The small ones of a day (UTC) are put together, in
 * order of time, as soon as they make a full block, or when the day is over: so every record is moved once or twice, and
 * a block never holds more than about a day, which is what retention rounds to.
 */
export class BlockMerger {
  private readonly damaged = new Set<number>();
  /** Before this day, in unix milliseconds, there is nothing left to merge. */
  private start = 0;

  constructor(
    private readonly db: LedgerSql,
    private readonly data: BlockData,
  ) {}

  /** Makes one block, at most; true when there may be more to make. Rejects when the database refuses. */
  step(now: number): Promise<boolean> {
    return alone(this.db, false, async (sql) => {
      for (;;) {
        const first = await sql.all(FIRST_SMALL, [this.start]);
        if (first[0] === undefined) return false;
        const day = Math.floor(Number(first[0][0]) / DAY_MS) * DAY_MS;
        const isOver = now >= day + DAY_MS;
        const { ids, records } = await this.smallOf(sql, day);
        if (ids.length > 1 && (isOver || records >= FULL)) {
          await this.merge(sql, ids);
          return true;
        }
        if (!isOver) return false;
        this.start = day + DAY_MS;
      }
    });
  }

  /** As many small blocks of that day as make a full one. */
  private async smallOf(sql: Statements, day: number): Promise<{ ids: number[]; records: number }> {
    const ids: number[] = [];
    let records = 0;
    for (const [id, count] of (await sql.all(SMALL, [day, day + DAY_MS])) as [number, number][]) {
      if (records >= FULL) break;
      if (this.damaged.has(id)) continue;
      ids.push(id);
      records += count;
    }
    return { ids, records };
  }

  private async merge(sql: Statements, ids: readonly number[]): Promise<void> {
    const records: SettledRecord[] = [];
    const merged: number[] = [];
    let bytes = 0;
    for (const id of ids) {
      const batch = await this.data.open(sql, id);
      if (batch === null) {
        this.damaged.add(id);
        continue;
      }
      for (const record of batch) records.push(copyOf(record));
      merged.push(id);
      bytes += batch.bytes.length;
    }
    if (merged.length === 0) return;
    await deleteBlocks(sql, merged, records.length, bytes);
    await insertBlocks(sql, [batchOf(records)]);
  }
}
