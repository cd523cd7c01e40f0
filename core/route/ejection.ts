import type { EjectionRules } from '../config/sections/ejection.js';

/**
 * Whether one target of a model is asked, as one I/O thread knows it. It fails so often in a row, and is passed over for a time
 * while others can be asked. Then one request tries it; nobody has to say what came of that, since the next may try after another
 * such time. The first answer brings it back, a failure takes it out for longer.
 *
 * All times are monotonic milliseconds. An attempt is told with the moment it began: what began before the target was taken out
 * says nothing of how it is now.
 */
export class Ejection {
  /** Passed over until then, also while a request tries it; 0: it is asked as usual. */
  until = 0;
  /** How often it was taken out. */
  count = 0;
  private failedInRow = 0;
  /** How often since it last was well. */
  private times = 0;
  private since = 0;
  /** When it may be tried: before `until` while a request does that. */
  private endsAt = 0;

  /** Attempts since the last that it answered as a whole. */
  get inRow(): number {
    return this.failedInRow;
  }

  /** The time is over, and this request tries it: the others pass it over for as long again. */
  try({ firstMs, mostMs }: EjectionRules, now: number): void {
    this.until = now + this.lasts(firstMs, mostMs);
  }

  /** @returns for how long it is taken out because of that, milliseconds; 0 when it is not */
  failed({ after, firstMs, mostMs }: EjectionRules, begunAt: number, now: number): number {
    if (begunAt < (this.until === 0 ? this.since : this.endsAt)) return 0;
    this.failedInRow++;
    if (this.failedInRow < after) return 0;
    this.times++;
    this.count++;
    const ms = this.lasts(firstMs, mostMs);
    this.since = now;
    this.endsAt = now + ms;
    this.until = this.endsAt;
    return ms;
  }

  /**
   * An answer begins: it is asked again from now on. If it does not end well, that was no answer.
   *
   * @returns whether it was out until now
   */
  answers(begunAt: number): boolean {
    if (this.until === 0 || begunAt < this.since) return false;
    this.until = 0;
    return true;
  }

  /** An answer has come as a whole. */
  answered(begunAt: number): void {
    if (this.failedInRow === 0 || begunAt < this.since) return;
    this.failedInRow = 0;
    this.times = 0;
  }

  private lasts(firstMs: number, mostMs: number): number {
    return Math.min(firstMs * 2 ** Math.min(this.times - 1, 30), mostMs);
  }
}
