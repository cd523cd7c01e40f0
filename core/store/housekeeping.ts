import { BelievedClock } from './believed-clock.js';

/** Something that is done now and then, a bounded piece at a time. */
export interface Chore {
  /** Does a piece; true when there may be more to do. */
  step(now: number): boolean | Promise<boolean>;
  /** What to say when a step throws. */
  readonly failure: string;
}

const ROUND_MS = 60_000;

/** Does all chores once a minute, one step a turn of the event loop and only while there is nothing better to do. */
export class Housekeeping {
  private readonly timer: NodeJS.Timeout;
  private immediate: NodeJS.Immediate | undefined;
  private due = true;
  private current = 0;
  private readonly clock = new BelievedClock();

  constructor(
    private readonly chores: readonly Chore[],
    private readonly isIdle: () => boolean,
    private readonly warn: (message: string, error: unknown) => void,
  ) {
    this.timer = setInterval(() => {
      this.due = true;
      this.run();
    }, ROUND_MS).unref();
  }

  /** Goes on, if a round is due. */
  run(): void {
    if (!this.due || this.immediate !== undefined) return;
    this.immediate = setImmediate(() => void this.turn());
  }

  stop(): void {
    this.due = false;
    clearInterval(this.timer);
    clearImmediate(this.immediate);
  }

  private async turn(): Promise<void> {
    if (this.isIdle()) {
      await this.step(this.clock.now());
      this.immediate = undefined;
      this.run();
    } else this.immediate = undefined;
  }

  private async step(now: number): Promise<void> {
    const chore = this.chores[this.current];
    try {
      if ((await chore?.step(now)) === true) return;
    } catch (error) {
      this.warn(chore?.failure ?? '', error);
    }
    this.current++;
    if (this.current < this.chores.length) return;
    this.current = 0;
    this.due = false;
  }
}
