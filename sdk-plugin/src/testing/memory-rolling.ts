import type { Clock, Counter, Reservation } from '../host.js';
import { ROLLING_CELLS, RollingSum } from '../rolling.js';

/** A counter over the time that has just passed, without other threads. */
export class MemoryRolling implements Counter {
  private readonly sum: RollingSum;

  constructor(
    private readonly clock: Clock,
    windowMs: number,
  ) {
    this.sum = new RollingSum(new Float64Array(ROLLING_CELLS), windowMs);
  }

  value(): number {
    return this.sum.at(this.clock.now());
  }

  add(delta: number): number {
    const total = this.value() + delta;
    this.sum.add(delta);
    return total;
  }

  reserve(amount: number, cap: number): Reservation | null {
    const total = this.value() + amount;
    if (total > cap) return null;
    const stretch = this.sum.add(amount);
    let held = amount;
    return {
      total,
      settle: (used) => {
        this.value();
        this.sum.correct(stretch, used - held);
        held = used;
      },
    };
  }

  resetsAt(): number {
    this.value();
    return this.sum.nextRelease(this.clock.now());
  }

  async restore(countedSince: (since: number) => Promise<number>): Promise<void> {
    const raise = await this.sum.restore(this.clock.now(), countedSince);
    this.value();
    raise();
  }
}
