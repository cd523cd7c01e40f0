/** A difference that clocks come to by themselves, or that is not worth a thought. */
const NO_STEP_MS = 300_000;
/** So long a step forward must last before it is believed. */
const DOUBT_MS = 3_600_000;

/**
 * The time, as far as it is fit to delete by. A clock that jumps ahead makes everything look old: such a jump counts when it has
 * lasted for an hour. One that jumps back is believed at once, since that deletes nothing.
 */
export class BelievedClock {
  /** What the clock says, less the time since the start. */
  private believed: number;
  private doubted: { readonly since: number; readonly ahead: number } | null = null;

  /**
   * @param wall unix milliseconds
   * @param steady milliseconds since any moment, by a clock that nobody sets
   */
  constructor(
    private readonly wall: () => number = Date.now,
    private readonly steady: () => number = () => performance.now(),
  ) {
    this.believed = wall() - steady();
  }

  /** Unix milliseconds. */
  now(): number {
    const steady = this.steady();
    const ahead = this.wall() - steady;
    if (ahead - this.believed <= NO_STEP_MS) {
      this.believed = ahead;
      this.doubted = null;
    } else if (this.doubted === null || Math.abs(ahead - this.doubted.ahead) > NO_STEP_MS)
      this.doubted = { since: steady, ahead };
    else if (steady - this.doubted.since >= DOUBT_MS) {
      this.believed = ahead;
      this.doubted = null;
    }
    return steady + this.believed;
  }
}
