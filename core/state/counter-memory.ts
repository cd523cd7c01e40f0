import { WordLock } from './word-lock.js';

/** Numbers that a counter takes: the window it counts in, the count, and room for two more. */
const RECORD_CELLS = 4;
export const RECORD_BYTES = RECORD_CELLS * 8;

/** Room for this many counters, 32 MB of addresses; the system gives memory to those that are used. */
export const COUNTER_CAPACITY = 1_048_576;

/** The first record is nobody's: the lock is in it. */
export function createCounterMemory(capacity = COUNTER_CAPACITY): SharedArrayBuffer {
  return new SharedArrayBuffer((capacity + 1) * RECORD_BYTES);
}

/**
 * The memory of counters as a thread sees it: plain doubles, exact to 2^53, under one lock. A request takes from all that it
 * is counted for at once, and some of these are nearly always shared by all requests: a lock for each would be taken as often
 * as there are counters, and would not be free any more often.
 */
export class CounterMemory {
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

  /** The first cell of a counter's place. */
  static cellOf(slot: number): number {
    return (slot + 1) * RECORD_CELLS;
  }
}

const views = new WeakMap<SharedArrayBuffer, CounterMemory>();
