import { ROLLING_CELLS, RollingSum } from '@headgate/sdk';
import { CounterMemory, RECORD_BYTES } from './counter-memory.js';
import { Place, type PlaceBase } from './place.js';

/** Places that one takes in the memory of counters. */
export const ROLLING_SLOTS = Math.ceil(((ROLLING_CELLS + 3) * 8) / RECORD_BYTES);

/** What others knew of a window is told in so many pieces. */
const PIECES = 12;

/** A counter over a window that moves with the clock. */
export class RollingCounter extends Place {
  readonly windowStart = 0;
  private readonly sum: RollingSum;

  constructor(
    buffer: SharedArrayBuffer,
    slot: number,
    private readonly windowMs: number,
    now?: () => number,
  ) {
    const memory = CounterMemory.of(buffer);
    const at = CounterMemory.cellOf(slot);
    super(memory, slot, now ?? memory.now, at + ROLLING_CELLS);
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

  /** In pieces, each of which counts until the last of it has left the window. */
  async baseBy(countedSince: (start: number) => Promise<number>): Promise<PlaceBase> {
    const now = this.now();
    const edges = Array.from({ length: PIECES + 1 }, (_, i) => Math.ceil(now - (this.windowMs * i) / PIECES));
    const known = await Promise.all(edges.slice(1).map(countedSince));
    const pairs = known.flatMap((amount, i) => {
      const piece = amount - (known[i - 1] ?? 0);
      return piece > 0 ? [piece, (edges[i] as number) + this.windowMs] : [];
    });
    return { start: this.windowStart, pairs: pairs.length === 0 ? [0, now + this.windowMs] : pairs };
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
