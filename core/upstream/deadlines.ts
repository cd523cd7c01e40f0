/** Something that must not wait for ever. Times are milliseconds of the monotonic clock; Infinity waits for ever. */
export interface Waiting {
  deadline: number;
  onDeadline(): void;
}

/**
 * Time-outs of all running requests by one sweep: setting a deadline is a number written, not a timer made, so a
 * stream may move its own with every event. The price is the period: a deadline fires up to that much late.
 */
export class Deadlines {
  /** The monotonic clock as of the last sweep: good enough for deadlines, free to read. */
  now = performance.now();
  private readonly waiting = new Set<Waiting>();
  private timer: NodeJS.Timeout | null = null;

  constructor(private readonly periodMs = 20) {}

  add(one: Waiting): void {
    if (this.waiting.size === 0) this.now = performance.now();
    this.waiting.add(one);
    if (this.timer === null) this.start();
  }

  delete(one: Waiting): void {
    this.waiting.delete(one);
  }

  close(): void {
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
    this.waiting.clear();
  }

  private start(): void {
    this.timer = setInterval(() => this.sweep(), this.periodMs);
    this.timer.unref();
  }

  private sweep(): void {
    this.now = performance.now();
    for (const one of this.waiting) if (one.deadline <= this.now) one.onDeadline();
    if (this.waiting.size === 0 && this.timer !== null) {
      clearInterval(this.timer);
      this.timer = null;
    }
  }
}
