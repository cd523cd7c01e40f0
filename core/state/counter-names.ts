import { COUNTER_CAPACITY } from './counter-memory.js';

/** Gives each counter name its place in the shared memory. Lives on the main thread; a name keeps its place for good. */
export class CounterNames {
  private readonly slots = new Map<string, number>();
  private used = 0;

  constructor(private readonly capacity = COUNTER_CAPACITY) {}

  /** @param size places that it takes, one behind the other; always the same for one name */
  slot(name: string, size = 1): number {
    const known = this.slots.get(name);
    if (known !== undefined) return known;
    if (this.used + size > this.capacity) {
      throw new Error(`there is room for ${this.capacity} counters, and all of them are taken`);
    }
    const slot = this.used;
    this.used += size;
    this.slots.set(name, slot);
    return slot;
  }
}
