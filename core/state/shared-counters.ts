import type { Counter, Reservation, WindowOf } from '@headgate/sdk';

/** Bytes a counter takes: a lock word, the window it counts in, the count. */
const RECORD = 24;

const FREE = 0;
const TAKEN = 1;
/** Taken, and somebody may be asleep waiting for it. */
const AWAITED = 2;
/** Looks at a taken lock before going to sleep: it is held for less time than this takes. */
const SPINS = 100;
/** Nobody sleeps longer than this without looking again, milliseconds. */
const NAP = 1;

/** Room for this many counters; 1.5 MB of shared memory. */
export const COUNTER_CAPACITY = 65_536;

export function createCounterMemory(capacity = COUNTER_CAPACITY): SharedArrayBuffer {
  return new SharedArrayBuffer(capacity * RECORD);
}

/**
 * A counter in memory that all threads share. Window and count change together under a lock of one word, held for a few
 * instructions; plain doubles under a lock are exact to 2^53 and cost less than BigInt atomics.
 */
export class SharedCounter implements Counter {
  private readonly lock: Int32Array;
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
    this.lock = new Int32Array(memory, slot * RECORD, 1);
    this.cells = new Float64Array(memory, slot * RECORD + 8, 2);
  }

  value(): number {
    this.acquire();
    const count = this.current();
    this.release();
    return count;
  }

  add(delta: number): number {
    this.acquire();
    const count = this.current() + delta;
    this.cells[1] = count;
    this.release();
    return count;
  }

  reserve(amount: number, cap: number): Reservation | null {
    this.acquire();
    const total = this.current() + amount;
    const fits = total <= cap;
    if (fits) this.cells[1] = total;
    const window = this.cells[0] as number;
    this.release();
    return fits ? new Taken(this, window, amount, total) : null;
  }

  resetsAt(): number {
    this.look();
    return this.end;
  }

  /** Adds to the count of that window only: nothing happens when it is over. */
  correct(window: number, delta: number): void {
    this.acquire();
    const count = this.current();
    if (this.cells[0] === window) this.cells[1] = count + delta;
    this.release();
  }

  /**
   * Raises the count of the window of now to what a record outside this process says. Raising instead of setting makes
   * it harmless when several threads do so, or when requests were counted in between: they are in the record too.
   */
  async restore(countedSince: (start: number) => Promise<number>): Promise<void> {
    this.look();
    const { start } = this;
    const least = await countedSince(start);
    this.acquire();
    const count = this.current();
    if (this.cells[0] === start && count < least) this.cells[1] = least;
    this.release();
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

  private acquire(): void {
    if (Atomics.compareExchange(this.lock, 0, FREE, TAKEN) !== FREE) this.wait();
  }

  private wait(): void {
    for (let i = 0; i < SPINS; i++) {
      if (Atomics.compareExchange(this.lock, 0, FREE, TAKEN) === FREE) return;
    }
    // The holder's thread was put aside by the system: sleeping lets it run.
    while (Atomics.exchange(this.lock, 0, AWAITED) !== FREE) Atomics.wait(this.lock, 0, AWAITED, NAP);
  }

  private release(): void {
    // Waking costs more than everything else here, so only when somebody may be asleep.
    if (Atomics.exchange(this.lock, 0, FREE) === AWAITED) Atomics.notify(this.lock, 0, 1);
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
