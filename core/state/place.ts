import type { Counter, Reservation } from '@headgate/sdk';
import type { CounterMemory } from './counter-memory.js';

/** A counter in memory that all threads share. What its window is, those say who extend it. */
export abstract class Place implements Counter {
  constructor(
    readonly memory: CounterMemory,
    readonly now: () => number,
  ) {}

  abstract resetsAt(): number;
  abstract restore(countedSince: (start: number) => Promise<number>): Promise<void>;
  /** The count in the window of now. Only under the lock, as the two below. */
  abstract count(now: number): number;
  /** Adds to it. Returns what says later where that was. After `count`. */
  abstract take(amount: number): number;
  /** Changes what was added there; nothing happens when that has left the window. */
  abstract correct(where: number, delta: number, now: number): void;

  value(): number {
    const now = this.now();
    const { lock } = this.memory;
    lock.acquire();
    const count = this.count(now);
    lock.release();
    return count;
  }

  add(delta: number): number {
    const now = this.now();
    const { lock } = this.memory;
    lock.acquire();
    const total = this.count(now) + delta;
    this.take(delta);
    lock.release();
    return total;
  }

  reserve(amount: number, cap: number): Reservation | null {
    const now = this.now();
    const { lock } = this.memory;
    lock.acquire();
    const total = this.count(now) + amount;
    const where = total <= cap ? this.take(amount) : Number.NaN;
    lock.release();
    return total <= cap ? new Taken(this, where, amount, total) : null;
  }
}

class Taken implements Reservation {
  constructor(
    private readonly place: Place,
    private readonly where: number,
    private amount: number,
    readonly total: number,
  ) {}

  settle(used: number): void {
    const delta = used - this.amount;
    if (delta === 0) return;
    this.amount = used;
    const { place } = this;
    const now = place.now();
    place.memory.lock.acquire();
    place.correct(this.where, delta, now);
    place.memory.lock.release();
  }
}
