import type { Column } from '../column.js';
import type { RecordBatch } from '../record-batch.js';
import type { SegmentField } from './search-columns.js';
import type { BlockName } from './segment-names.js';

/** How much is kept at the most. */
export interface MemoryBounds {
  readonly columnBytes: number;
  readonly blockBytes: number;
}

/** Whoever searches does so again and again. */
const KEEP_MS = 60_000;

/** The latest used ones, up to so many bytes. */
class Bounded<T> {
  private readonly kept = new Map<string, { value: T; bytes: number }>();
  private bytes = 0;

  constructor(private readonly most: number) {}

  get(id: string): T | null {
    const found = this.kept.get(id);
    if (found === undefined) return null;
    this.kept.delete(id);
    this.kept.set(id, found);
    return found.value;
  }

  set(id: string, value: T, bytes: number): void {
    const before = this.kept.get(id);
    if (before !== undefined) this.bytes -= before.bytes;
    this.kept.delete(id);
    this.kept.set(id, { value, bytes });
    this.bytes += bytes;
    for (const [oldest, one] of this.kept) {
      if (this.bytes <= this.most) break;
      this.kept.delete(oldest);
      this.bytes -= one.bytes;
    }
  }

  clear(): void {
    this.kept.clear();
    this.bytes = 0;
  }
}

/** What searches keep between them, while somebody searches. */
export class SearchMemory {
  private readonly columns: Bounded<Column>;
  private readonly blocks: Bounded<RecordBatch>;
  private timer: NodeJS.Timeout | undefined;

  constructor({ columnBytes, blockBytes }: MemoryBounds) {
    this.columns = new Bounded(columnBytes);
    this.blocks = new Bounded(blockBytes);
  }

  column(segment: number, field: SegmentField): Column | null {
    return this.columns.get(`${segment} ${field}`);
  }

  keepColumn(segment: number, field: SegmentField, column: Column, bytes: number): void {
    this.columns.set(`${segment} ${field}`, column, bytes);
    this.later();
  }

  block(name: BlockName): RecordBatch | null {
    return this.blocks.get(keyOf(name));
  }

  keepBlock(name: BlockName, batch: RecordBatch): void {
    this.blocks.set(keyOf(name), batch, batch.bytes.length);
    this.later();
  }

  /** What is listed must not be what it was before something moved. */
  forget(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.columns.clear();
    this.blocks.clear();
  }

  private later(): void {
    if (this.timer === undefined) this.timer = setTimeout(() => this.forget(), KEEP_MS).unref();
    else this.timer.refresh();
  }
}

function keyOf({ id, firstMs, lastMs }: BlockName): string {
  return `${id} ${firstMs} ${lastMs}`;
}
