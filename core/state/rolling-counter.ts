import { type Counter, type Reservation, ROLLING_CELLS, RollingSum } from '@headgate/sdk';
import { RECORD_BYTES } from './shared-counters.js';
import { WordLock } from './word-lock.js';

/** Places that one takes in the memory of counters: a lock word and the cells. */
export const ROLLING_SLOTS = Math.ceil((8 + ROLLING_CELLS * 8) / RECORD_BYTES);

/** A counter over a window that moves with the clock, in memory that all threads share. */
export class RollingCounter implements Counter {
  private readonly lock: WordLock;
  private readonly sum: RollingSum;

  constructor(
    memory: SharedArrayBuffer,
    slot: number,
    windowMs: number,
    private readonly now: () => number = Date.now,
  ) {
    const at = slot * RECORD_BYTES;
    this.lock = new WordLock(memory, at);
    this.sum = new RollingSum(new Float64Array(memory, at + 8, ROLLING_CELLS), windowMs);
  }

  value(): number {
    return this.locked(() => this.sum.at(this.now()));
  }

  add(delta: number): number {
    return this.locked(() => {
      const sum = this.sum.at(this.now());
      this.sum.add(delta);
      return sum + delta;
    });
  }

  reserve(amount: number, cap: number): Reservation | null {
    const now = this.now();
    this.lock.acquire();
    const total = this.sum.at(now) + amount;
    const stretch = total <= cap ? this.sum.add(amount) : -1;
    this.lock.release();
    return stretch < 0 ? null : new Taken(this, stretch, amount, total);
  }

  /** When some of what was counted leaves the window. */
  resetsAt(): number {
    const now = this.now();
    return this.locked(() => {
      this.sum.at(now);
      return this.sum.nextRelease(now);
    });
  }

  correct(stretch: number, delta: number): void {
    const now = this.now();
    this.lock.acquire();
    this.sum.at(now);
    this.sum.correct(stretch, delta);
    this.lock.release();
  }

  /** Raises the counts to what a record outside this process says; see `SharedCounter`. */
  async restore(countedSince: (start: number) => Promise<number>): Promise<void> {
    const raise = await this.sum.restore(this.now(), countedSince);
    this.locked(() => {
      this.sum.at(this.now());
      raise();
    });
  }

  private locked<T>(look: () => T): T {
    this.lock.acquire();
    try {
      return look();
    } finally {
      this.lock.release();
    }
  }
}

class Taken implements Reservation {
  constructor(
    private readonly counter: RollingCounter,
    private readonly stretch: number,
    private amount: number,
    readonly total: number,
  ) {}

  settle(used: number): void {
    const delta = used - this.amount;
    if (delta === 0) return;
    this.amount = used;
    this.counter.correct(this.stretch, delta);
  }
}
