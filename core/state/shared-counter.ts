import type { WindowOf } from '@headgate/sdk';
import { CounterMemory } from './counter-memory.js';
import { Place, type PlaceBase } from './place.js';

/** A counter that starts again at each boundary of its window. Its cells: start of the window, count, hold, elsewhere, cap. */
export class SharedCounter extends Place {
  private readonly cells: Float64Array;
  private readonly at: number;
  /** The window that this thread last saw: the calendar is only asked when it is left. */
  private start = 0;
  private end = 0;

  constructor(
    buffer: SharedArrayBuffer,
    slot: number,
    private readonly windowOf: WindowOf,
    now?: () => number,
  ) {
    const memory = CounterMemory.of(buffer);
    const at = CounterMemory.cellOf(slot);
    super(memory, slot, now ?? memory.now, at + 2);
    this.cells = memory.cells;
    this.at = at;
  }

  get windowStart(): number {
    return this.cells[this.at] as number;
  }

  resetsAt(): number {
    this.look(this.now());
    return this.end;
  }

  /**
   * Raises the count of the window of now to what a record outside this process says. Raising instead of setting makes
   * it harmless when several threads do so, or when requests were counted in between: they are in the record too.
   */
  async restore(countedSince: (start: number) => Promise<number>): Promise<void> {
    this.look(this.now());
    const { start } = this;
    const least = await countedSince(start);
    const now = this.now();
    this.memory.lock.acquire();
    const count = this.count(now);
    if (this.cells[this.at] === start && count < least) this.cells[this.at + 1] = least;
    this.memory.lock.release();
  }

  async baseBy(countedSince: (start: number) => Promise<number>): Promise<PlaceBase> {
    this.look(this.now());
    const { start } = this;
    return { start, pairs: [await countedSince(start), 0] };
  }

  count(now: number): number {
    if (now >= this.end || now < this.start) this.look(now);
    const { cells, at, start } = this;
    const stored = cells[at] as number;
    if (start > stored) {
      cells[at] = start;
      cells[at + 1] = 0;
      this.hold = 0;
      this.elsewhere = 0;
      return 0;
    }
    // A clock that steps back must not reset the count that is there, and one that was far ahead must not keep a window
    // open until it is reached again: then the count goes on in the window of now.
    if (this.end < stored) {
      cells[at] = start;
      this.hold = 0;
    }
    return cells[at + 1] as number;
  }

  take(amount: number): number {
    const { cells, at } = this;
    cells[at + 1] = (cells[at + 1] as number) + amount;
    return cells[at] as number;
  }

  correct(window: number, delta: number, now: number): void {
    const count = this.count(now);
    if (this.cells[this.at] === window) this.cells[this.at + 1] = count + delta;
  }

  private look(now: number): void {
    if (now < this.end && now >= this.start) return;
    const { start, end } = this.windowOf(now);
    this.start = start;
    this.end = end;
  }
}
