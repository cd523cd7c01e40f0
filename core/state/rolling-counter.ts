import { ROLLING_CELLS, RollingSum } from '@headgate/sdk';
import { CounterMemory, RECORD_BYTES } from './counter-memory.js';
import { Place } from './place.js';

/** Places that one takes in the memory of counters. */
export const ROLLING_SLOTS = Math.ceil((ROLLING_CELLS * 8) / RECORD_BYTES);

/** A counter over a window that moves with the clock. */
export class RollingCounter extends Place {
  private readonly sum: RollingSum;

  constructor(buffer: SharedArrayBuffer, slot: number, windowMs: number, now: () => number = Date.now) {
    const memory = CounterMemory.of(buffer);
    super(memory, now);
    const at = CounterMemory.cellOf(slot);
    this.sum = new RollingSum(memory.cells.subarray(at, at + ROLLING_CELLS), windowMs);
  }

  /** When some of what was counted leaves the window. */
  resetsAt(): number {
    const now = this.now();
    const { lock } = this.memory;
    lock.acquire();
    this.sum.at(now);
    const at = this.sum.nextRelease(now);
    lock.release();
    return at;
  }

  /** Raises the counts to what a record outside this process says; see `SharedCounter`. */
  async restore(countedSince: (start: number) => Promise<number>): Promise<void> {
    const raise = await this.sum.restore(this.now(), countedSince);
    const now = this.now();
    const { lock } = this.memory;
    lock.acquire();
    this.sum.at(now);
    raise();
    lock.release();
  }

  count(now: number): number {
    return this.sum.at(now);
  }

  take(amount: number): number {
    return this.sum.add(amount);
  }

  correct(stretch: number, delta: number, now: number): void {
    this.sum.at(now);
    this.sum.correct(stretch, delta);
  }
}
