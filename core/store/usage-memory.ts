import type { UsageColumns, ValueColumn } from './usage-block.js';
import { GROUP_COLUMNS } from './usage-columns.js';
import { TextPlaces } from './usage-places.js';

/** Bytes of blocks that are kept: those of a few million sums. */
const MOST_BYTES = 64 * 1024 * 1024;
/** Values that are kept, of all columns. */
const MOST_TEXTS = 1_000_000;
/** Whoever looks at reports asks for one after the other. */
const KEEP_MS = 60_000;

/** What reports keep between them, while somebody asks for them: blocks that were read, and the values that occur. */
export class UsageMemory {
  private blocks = new Map<string, { columns: UsageColumns; bytes: number }>();
  private bytes = 0;
  private texts = GROUP_COLUMNS.map(() => new TextPlaces());
  private places = new WeakMap<ValueColumn, Int32Array>();
  private asking = 0;
  private timer: NodeJS.Timeout | undefined;

  /** Nothing that `work` has seen is forgotten before it is done. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    this.asking++;
    clearTimeout(this.timer);
    try {
      return await work();
    } finally {
      this.asking--;
      const count = this.texts.reduce((sum, { texts }) => sum + texts.length, 0);
      if (this.asking === 0 && count > MOST_TEXTS) this.forget();
      this.timer = setTimeout(() => {
        if (this.asking === 0) this.forget();
      }, KEEP_MS).unref();
    }
  }

  find(name: string): UsageColumns | null {
    return this.blocks.get(name)?.columns ?? null;
  }

  keep(name: string, columns: UsageColumns, bytes: number): void {
    this.blocks.set(name, { columns, bytes });
    this.bytes += bytes;
    for (const [oldest, one] of this.blocks) {
      if (this.bytes <= MOST_BYTES) break;
      this.blocks.delete(oldest);
      this.bytes -= one.bytes;
    }
  }

  /** The place of each value of a column among all values of its kind. */
  placesOf(kind: number, column: ValueColumn): Int32Array {
    let places = this.places.get(column);
    if (places === undefined) {
      const texts = this.texts[kind] as TextPlaces;
      places = Int32Array.from(column.values, (value) => texts.place(value));
      this.places.set(column, places);
    }
    return places;
  }

  place(kind: number, text: string): number {
    return (this.texts[kind] as TextPlaces).place(text);
  }

  text(kind: number, place: number): string {
    return (this.texts[kind] as TextPlaces).texts[place] ?? '';
  }

  private forget(): void {
    this.blocks = new Map();
    this.bytes = 0;
    this.texts = GROUP_COLUMNS.map(() => new TextPlaces());
    this.places = new WeakMap();
  }
}
