import type { Applier } from './applier.js';

/** Records wait this long for company: a transaction costs as much as a hundred records, and the spool has them already. */
const GATHER_MS = 500;
/** Unless this many are there. */
const ENOUGH = 4096;
const DRAIN_LIMIT_MS = 30_000;
/** Writes go on for this long before what came in meanwhile gets its turn: many batches may wait for that turn. */
const TURN_MS = 20;

/** Decides when the applier works: soon after records came, at once when there are many, later and later while it fails. */
export class CommitSchedule {
  private timer: NodeJS.Timeout | undefined;
  private immediate: NodeJS.Immediate | undefined;
  private stopped = false;

  /** @param afterWork called when there is nothing left to write */
  constructor(
    private readonly applier: Applier,
    private readonly afterWork: () => void,
  ) {}

  /** Something came in. */
  wake(): void {
    if (this.stopped || this.immediate !== undefined) return;
    if (this.applier.waiting >= ENOUGH && this.applier.delayMs === 0) this.soon();
    else this.timer ??= setTimeout(() => void this.work(), Math.max(GATHER_MS, this.applier.delayMs));
  }

  /**
   * Writes until everything that came in before the call is written. Throws when the database refuses, or cannot keep up
   * for half a minute.
   */
  async drain(): Promise<void> {
    const limit = Date.now() + DRAIN_LIMIT_MS;
    const done = this.applier.mark();
    while (!done()) {
      if (await this.turn(done)) {
        if (Date.now() > limit) throw new Error('the database is too far behind; try again later');
        await new Promise((resolve) => setImmediate(resolve));
      } else if (this.applier.delayMs > 0) {
        this.wake();
        throw new Error('the database cannot be written at the moment; see the log');
      } else if (this.applier.idle) return;
    }
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    clearImmediate(this.immediate);
  }

  private soon(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.immediate = setImmediate(() => void this.work());
  }

  /** False when there was nothing to write, or the database refused. */
  private async turn(done: () => boolean): Promise<boolean> {
    const end = performance.now() + TURN_MS;
    do {
      if (!(await this.applier.step())) return false;
    } while (!done() && performance.now() < end);
    return true;
  }

  private async work(): Promise<void> {
    this.timer = undefined;
    this.immediate = undefined;
    const wrote = await this.turn(() => this.applier.idle);
    if (this.stopped) return;
    if (this.applier.idle) this.afterWork();
    else if (wrote) this.soon();
    else if (this.applier.delayMs > 0) this.wake();
  }
}
