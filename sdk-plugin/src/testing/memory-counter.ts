import type { Clock, Counter, Reservation } from '../host.js';
import type { WindowOf } from '../window.js';

/** A counter without other threads; starts anew at each boundary of its window. */
export class MemoryCounter implements Counter {
  private count = 0;
  private start = 0;

  constructor(
    private readonly clock: Clock,
    private readonly windowOf: WindowOf,
  ) {}

  value(): number {
    const { start } = this.windowOf(this.clock.now());
    if (start > this.start) {
      this.start = start;
      this.count = 0;
    }
    return this.count;
  }

  add(delta: number): number {
    this.count = this.value() + delta;
    return this.count;
  }

  reserve(amount: number, cap: number): Reservation | null {
    const total = this.value() + amount;
    if (total > cap) return null;
    this.count = total;
    const { start } = this;
    let held = amount;
    return {
      total,
      settle: (used) => {
        this.value();
        if (this.start === start) this.count += used - held;
        held = used;
      },
    };
  }

  resetsAt(): number {
    return this.windowOf(this.clock.now()).end;
  }

  /** Raises the count to what a record outside the process says. */
  async restore(countedSince: (since: number) => Promise<number>): Promise<void> {
    const { start } = this.windowOf(this.clock.now());
    const least = await countedSince(start);
    if (this.value() < least && this.start === start) this.count = least;
  }
}
