import type { BlockData } from '../block-data.js';
import type { LedgerSql } from '../ledger-sql.js';
import type { RecordBatch } from '../record-batch.js';

/** How often it is looked whether other nodes have written something. */
const LOOK_MS = 500;
/** A block gets its id before it can be seen: ids that come later than higher ones are waited for so long. */
const LATE_MS = 60_000;

const LAST = 'SELECT max(id) FROM request_blocks';
const NEW = 'SELECT id FROM request_blocks WHERE id > ? ORDER BY id';

/** Follows the blocks that all nodes write into one database where ids are never given again. */
export class BlockFollower {
  private timer: NodeJS.Timeout | undefined;
  /** Everything up to here has been seen, or never will be. */
  private floor = 0;
  private seen = new Set<number>();
  /** How far it was, and when. */
  private marks: { atMs: number; id: number }[] = [];
  private started: Promise<void> | null = null;
  private looking = false;

  constructor(
    private readonly db: LedgerSql,
    private readonly data: BlockData,
    private readonly onBatch: (batch: RecordBatch) => void,
    private readonly onTrouble: (error: unknown) => void,
  ) {}

  /** Resolves when everything that is written from now on will be seen. */
  start(): Promise<void> {
    this.started ??= this.begin().catch((error) => {
      this.started = null;
      throw error;
    });
    return this.started;
  }

  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.started = null;
    this.seen = new Set();
    this.marks = [];
  }

  /** Something was written here. */
  soon(): void {
    if (this.started !== null && !this.looking) this.later(0);
  }

  private async begin(): Promise<void> {
    const [row] = await this.db.all(LAST);
    this.floor = Number(row?.[0] ?? 0);
    this.later(LOOK_MS);
  }

  private later(ms: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.look(), ms);
  }

  private async look(): Promise<void> {
    if (this.looking) return;
    this.looking = true;
    const run = this.started;
    try {
      const now = Date.now();
      for (const [value] of await this.db.all(NEW, [this.floor])) {
        const id = Number(value);
        if (this.seen.has(id)) continue;
        this.seen.add(id);
        const batch = await this.data.open(this.db, id);
        if (this.started !== run) return;
        if (batch !== null) this.onBatch(batch);
      }
      this.raise(now);
    } catch (error) {
      this.onTrouble(error);
    } finally {
      this.looking = false;
      if (this.started !== null) this.later(LOOK_MS);
    }
  }

  private raise(now: number): void {
    this.marks.push({ atMs: now, id: Math.max(this.floor, ...this.seen) });
    while ((this.marks[0]?.atMs ?? now) < now - LATE_MS) this.floor = this.marks.shift()!.id;
    for (const id of this.seen) if (id <= this.floor) this.seen.delete(id);
  }
}
