import type { SettledRecord } from '@headgate/sdk';
import type { BlockData } from './block-data.js';
import type { Sqlite } from './open-database.js';
import { copyOf } from './record-batch.js';
import { batchOf } from './record-codec.js';
import { RequestBlocks } from './request-blocks.js';
import { SMALL_BLOCK } from './schema.js';
import { inTransaction } from './transaction.js';

/** Records that make a merged block: enough that what a block costs no longer counts. */
const FULL = 1024;
const DAY_MS = 86_400_000;

/**
 * Makes large blocks of small ones, which low traffic leaves behind. The small ones of a day (UTC) are put together, in
 * order of time, as soon as they make a full block, or when the day is over: so every record is moved once or twice, and
 * a block never holds more than about a day, which is what retention rounds to.
 */
export class BlockMerger {
  private readonly blocks: RequestBlocks;
  private readonly firstSmall;
  private readonly small;
  private readonly damaged = new Set<number>();
  /** Before this day, in unix milliseconds, there is nothing left to merge. */
  private start = 0;

  constructor(
    private readonly db: Sqlite,
    private readonly data: BlockData,
  ) {
    this.blocks = new RequestBlocks(db);
    const isSmall = `FROM request_blocks WHERE records < ${SMALL_BLOCK} AND last_ms >= ?`;
    this.firstSmall = db.prepare(`SELECT last_ms ${isSmall} ORDER BY last_ms LIMIT 1`).raw();
    this.small = db
      .prepare(`SELECT id, records ${isSmall} AND last_ms < ? ORDER BY last_ms, id LIMIT ${FULL}`)
      .raw();
  }

  /** Makes one block, at most; true when there may be more to make. Throws when the database refuses. */
  step(now: number): boolean {
    for (;;) {
      const first: unknown = this.firstSmall.get([this.start]);
      if (!Array.isArray(first)) return false;
      const day = Math.floor(Number(first[0]) / DAY_MS) * DAY_MS;
      const isOver = now >= day + DAY_MS;
      const { ids, records } = this.smallOf(day);
      if (ids.length > 1 && (isOver || records >= FULL)) {
        this.merge(ids);
        return true;
      }
      if (!isOver) return false;
      this.start = day + DAY_MS;
    }
  }

  /** As many small blocks of that day as make a full one. */
  private smallOf(day: number): { ids: number[]; records: number } {
    const ids: number[] = [];
    let records = 0;
    for (const [id, count] of this.small.all([day, day + DAY_MS]) as [number, number][]) {
      if (records >= FULL) break;
      if (this.damaged.has(id)) continue;
      ids.push(id);
      records += count;
    }
    return { ids, records };
  }

  private merge(ids: readonly number[]): void {
    inTransaction(this.db, () => {
      const records: SettledRecord[] = [];
      for (const id of ids) {
        const batch = this.data.open(id);
        if (batch === null) {
          this.damaged.add(id);
          continue;
        }
        for (const record of batch) records.push(copyOf(record));
        this.blocks.delete(id);
      }
      if (records.length > 0) this.blocks.insert(batchOf(records));
    });
  }
}
