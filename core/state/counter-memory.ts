import { WordLock } from './word-lock.js';

/** Numbers that a counter takes: the window it counts in, the count, and between nodes the hold, what the others used, and the cap. */
const RECORD_CELLS = 5;
export const RECORD_BYTES = RECORD_CELLS * 8;

/** Room for this many counters, 40 MB of addresses; the system gives memory to those that are used. */
export const COUNTER_CAPACITY = 1_048_576;

/** Modes of all counters: this node is the only one; it shares them with others; it does, but counts by itself for the time being. */
export const ALONE = 0;
export const HELD = 1;
export const FREE_OF_HOLDS = 2;

const OFFSET = 1;
const MODE = 2;
const RESERVATIONS = 3;

/** The first record is nobody's: the lock is in it, and what all counters have in common. */
export function createCounterMemory(capacity = COUNTER_CAPACITY): SharedArrayBuffer {
  return new SharedArrayBuffer((capacity + 1) * RECORD_BYTES);
}

/**
 * The memory of counters as a thread sees it: plain doubles, exact to 2^53, under one lock. A request takes from all that it
 * is counted for at once, and some of these are nearly always shared by all requests: a lock for each would be taken as often
 * as there are counters, and would not be free any more often.
 */
export class CounterMemory {
  /** Bound, for counters and groups: the time that windows go by. */
  readonly now = (): number => Date.now() + (this.cells[OFFSET] as number);
  readonly lock: WordLock;
  readonly cells: Float64Array;

  private constructor(buffer: SharedArrayBuffer) {
    this.lock = new WordLock(buffer, 0);
    this.cells = new Float64Array(buffer);
  }

  static of(buffer: SharedArrayBuffer): CounterMemory {
    let memory = views.get(buffer);
    if (memory === undefined) {
      memory = new CounterMemory(buffer);
      views.set(buffer, memory);
    }
    return memory;
  }

  get mode(): number {
    return this.cells[MODE] as number;
  }

  set mode(mode: number) {
    this.cells[MODE] = mode;
  }

  /** Milliseconds that the clock of all nodes is ahead of this one's. */
  set clockOffset(ms: number) {
    this.cells[OFFSET] = ms;
  }

  /** Reservations so far, while there are other nodes. */
  get reservations(): number {
    return this.cells[RESERVATIONS] as number;
  }

  /** Under the lock. */
  countReservation(): void {
    this.cells[RESERVATIONS] = (this.cells[RESERVATIONS] as number) + 1;
  }

  /** The first cell of a counter's place. */
  static cellOf(slot: number): number {
    return (slot + 1) * RECORD_CELLS;
  }
}

const views = new WeakMap<SharedArrayBuffer, CounterMemory>();
