import type { Counter, Reservation } from '@headgate/sdk';
import { ALONE, type CounterMemory, HELD } from './counter-memory.js';

/** What was used before this process, for the nodes that share a counter: start of the window, and see `baseOf`. */
export interface PlaceBase {
  readonly start: number;
  readonly pairs: readonly number[];
}

type CountedSince = (since: number) => Promise<number>;

/** A counter in memory that all threads share. What its window is, those say who extend it. */
export abstract class Place implements Counter {
  /** Who knows what was used before, where nodes share it. */
  restoredBy: CountedSince | null = null;

  constructor(
    readonly memory: CounterMemory,
    readonly slot: number,
    readonly now: () => number,
    /** Cell of the hold; what others used and the cap are in the next two. */
    private readonly holdCell: number,
  ) {}

  /** Start of the window of now; the same number always where it never ends or moves with the clock. Under the lock, after `count`. */
  abstract readonly windowStart: number;
  abstract resetsAt(): number;
  /** Counts what a record outside this process knows. */
  abstract restore(countedSince: CountedSince): Promise<void>;
  /** The same for other nodes to count. */
  abstract baseBy(countedSince: CountedSince): Promise<PlaceBase>;
  /** The count in the window of now. Only under the lock, as the two below. */
  abstract count(now: number): number;
  /** Adds to it. Returns what says later where that was. After `count`. */
  abstract take(amount: number): number;
  /** Changes what was added there; nothing happens when that has left the window. */
  abstract correct(where: number, delta: number, now: number): void;

  /** The most that the count may reach without asking the other nodes. Under the lock, after `count`. */
  get hold(): number {
    return this.memory.cells[this.holdCell] as number;
  }

  set hold(hold: number) {
    this.memory.cells[this.holdCell] = hold;
  }

  /** What other nodes used and reserved, as last heard. Under the lock, after `count`. */
  get elsewhere(): number {
    return this.memory.cells[this.holdCell + 1] as number;
  }

  set elsewhere(amount: number) {
    this.memory.cells[this.holdCell + 1] = amount;
  }

  /** The cap under which that is held: with a lower one, it may be too much. Under the lock, after `count`. */
  get heldCap(): number {
    return this.memory.cells[this.holdCell + 2] as number;
  }

  set heldCap(cap: number) {
    this.memory.cells[this.holdCell + 2] = cap;
  }

  /** Whether that total may be had without asking the other nodes. Under the lock, after `count`. */
  holds(total: number, cap: number): boolean {
    return cap === Number.POSITIVE_INFINITY || (total <= this.hold && cap >= this.heldCap);
  }

  value(): number {
    const now = this.now();
    const { memory } = this;
    memory.lock.acquire();
    const count = this.count(now);
    const value = memory.mode === ALONE ? count : count + this.elsewhere;
    memory.lock.release();
    return value;
  }

  add(delta: number): number {
    const now = this.now();
    const { memory } = this;
    memory.lock.acquire();
    const total = this.count(now) + delta;
    this.take(delta);
    const value = memory.mode === ALONE ? total : total + this.elsewhere;
    memory.lock.release();
    return value;
  }

  reserve(amount: number, cap: number): Reservation | null {
    const now = this.now();
    const { memory } = this;
    memory.lock.acquire();
    const total = this.count(now) + amount;
    const fits = total <= cap && (memory.mode !== HELD || this.holds(total, cap));
    const where = fits ? this.take(amount) : Number.NaN;
    memory.lock.release();
    return fits ? new Taken(this, where, amount, total) : null;
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
