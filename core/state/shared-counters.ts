import type { Counter, Reservation, WindowOf } from '@headgate/sdk';
import { WordLock } from './word-lock.js';

/** Bytes a counter takes: a lock word, the window it counts in, the count. */
export const RECORD_BYTES = 24;

/** Room for this many counters, 24 MB of addresses; the system gives memory to those that are used. */
export const COUNTER_CAPACITY = 1_048_576;

export function createCounterMemory(capacity = COUNTER_CAPACITY): SharedArrayBuffer {
  return new SharedArrayBuffer(capacity * RECORD_BYTES);
}

/**
 * A counter in memory that all threads share. Window and count change together under a lock of one word, held for a few
 * instructions; plain doubles under a lock are exact to 2^53 and cost less than BigInt atomics.
 */
export class SharedCounter implements Counter {
  private readonly lock: WordLock;
  /** [start of the window, count] */
  private readonly cells: Float64Array;
  /** The window that this thread last saw: the calendar is only asked when it is left. */
  private start = 0;
  private end = 0;

  constructor(
    memory: SharedArrayBuffer,
    slot: number,
    private readonly windowOf: WindowOf,
    private readonly now: () => number = Date.now,
  ) {
    this.lock = new WordLock(memory, slot * RECORD_BYTES);
    this.cells = new Float64Array(memory, slot * RECORD_BYTES + 8, 2);
  }

  value(): number {
    this.lock.acquire();
    const count = this.current();
    this.lock.release();
    return count;
  }

  add(delta: number): number {
    this.lock.acquire();
    const count = this.current() + delta;
    this.cells[1] = count;
    this.lock.release();
    return count;
  }

  reserve(amount: number, cap: number): Reservation | null {
    this.lock.acquire();
    const total = this.current() + amount;
    const fits = total <= cap;
    if (fits) this.cells[1] = total;
    const window = this.cells[0] as number;
    this.lock.release();
    return fits ? new Taken(this, window, amount, total) : null;
  }

  resetsAt(): number {
    this.look();
    return this.end;
  }

  /** Adds to the count of that window only: nothing happens when it is over. */
  correct(window: number, delta: number): void {
    this.lock.acquire();
    const count = this.current();
    if (this.cells[0] === window) this.cells[1] = count + delta;
    this.lock.release();
  }

  /**
   * Raises the count of the window of now to what a record outside this process says. Raising instead of setting makes
   * it harmless when several threads do so, or when requests were counted in between: they are in the record too.
   */
  async restore(countedSince: (start: number) => Promise<number>): Promise<void> {
    this.look();
    const { start } = this;
    const least = await countedSince(start);
    this.lock.acquire();
    const count = this.current();
    if (this.cells[0] === start && count < least) this.cells[1] = least;
    this.lock.release();
  }

  /** The count in the window of now, which begins anew at each boundary. Only under the lock. */
  private current(): number {
    this.look();
    const { cells, start } = this;
    const stored = cells[0] as number;
    if (start > stored) {
      cells[0] = start;
      cells[1] = 0;
      return 0;
    }
    // A clock that steps back must not reset the count that is there, and one that was far ahead must not keep a window
    // open until it is reached again: then the count goes on in the window of now.
    if (this.end < stored) cells[0] = start;
    return cells[1] as number;
  }

  private look(): void {
    const now = this.now();
    if (now < this.end && now >= this.start) return;
    const { start, end } = this.windowOf(now);
    this.start = start;
    this.end = end;
  }
}

class Taken implements Reservation {
  constructor(
    private readonly counter: SharedCounter,
    private readonly window: number,
    private amount: number,
    readonly total: number,
  ) {}

  settle(used: number): void {
    const delta = used - this.amount;
    if (delta === 0) return;
    this.amount = used;
    this.counter.correct(this.window, delta);
  }
}
