import type { ErrorCode } from '../errors.js';
import type { Changed } from '../identity/stored-keys.js';

/** A request, as far as it may be asked how long it has run. */
export interface LongRunning {
  readonly id: string;
  /** Monotonic milliseconds. */
  readonly startedAt: number;
  readonly model: string;
  readonly target: { readonly provider: { readonly id: string } } | null;
}

/** Something that must not wait for ever. Times are milliseconds of the monotonic clock; Infinity waits for ever. */
export interface Waiting {
  readonly deadline: number;
  /** The request that it is part of; left out by what may stay open for as long as it likes. */
  readonly serves?: LongRunning;
  /** Its place among those that wait; -1 while it does not. */
  place: number;
  onDeadline(): void;
  /** Nobody waits any longer, whatever the deadline: ends with this error. */
  cutOff(code: ErrorCode): void;
  /** Keys, or what they belong to, were changed: ends if its caller may no longer. */
  review(changed: Changed): void;
}

/**
 * Time-outs of all running requests by one sweep: setting a deadline is a number written, not a timer made, so a
 * stream may move its own with every event. The price is the period: a deadline fires up to that much late.
 *
 * Kept in an array with holes, not in a Set: a Set that is added to and deleted from makes itself anew every few dozen
 * requests, and its discarded tables, once old, keep whole finished requests from the young generation's collector.
 */
export class Deadlines {
  /** The monotonic clock as of the last sweep: good enough for deadlines, free to read. */
  now = performance.now();
  private readonly waiting: (Waiting | null)[] = [];
  private readonly holes: number[] = [];
  private timer: NodeJS.Timeout | null = null;

  constructor(private readonly periodMs = 20) {}

  /** Once for one that waits already. */
  add(one: Waiting): void {
    if (one.place >= 0) return;
    if (this.timer === null) this.start();
    const place = this.holes.pop() ?? this.waiting.length;
    one.place = place;
    this.waiting[place] = one;
  }

  delete(one: Waiting): void {
    if (one.place < 0) return;
    this.waiting[one.place] = null;
    this.holes.push(one.place);
    one.place = -1;
  }

  /** Ends everything that waits. */
  cutOff(code: ErrorCode): void {
    for (const one of this.waiting) one?.cutOff(code);
  }

  /** Has everything that waits look whether its caller still may. */
  review(changed: Changed): void {
    for (const one of this.waiting) one?.review(changed);
  }

  /** The requests that have run longest, the oldest first. Looks at all: not for requests. */
  longest(most: number): LongRunning[] {
    const found = new Set<LongRunning>();
    for (const one of this.waiting) if (one?.serves !== undefined) found.add(one.serves);
    return [...found].toSorted((a, b) => a.startedAt - b.startedAt).slice(0, most);
  }

  close(): void {
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
    for (const one of this.waiting) if (one !== null) one.place = -1;
    this.waiting.length = 0;
    this.holes.length = 0;
  }

  private start(): void {
    this.now = performance.now();
    this.timer = setInterval(() => this.sweep(), this.periodMs);
    this.timer.unref();
  }

  private sweep(): void {
    this.now = performance.now();
    const { waiting } = this;
    for (let i = 0; i < waiting.length; i++) {
      const one = waiting[i];
      if (one != null && one.deadline <= this.now) one.onDeadline();
    }
    if (this.holes.length !== waiting.length || this.timer === null) return;
    // Nobody waits: no timer either, and a peak of requests leaves no long array behind.
    clearInterval(this.timer);
    this.timer = null;
    waiting.length = 0;
    this.holes.length = 0;
  }
}
