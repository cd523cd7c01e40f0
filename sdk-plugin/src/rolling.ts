/** A window that moves is this many stretches long, the one of now, which has only begun, not counted. */
const STRETCHES = 60;
const RING = STRETCHES + 1;
/** A record outside is asked for so many pieces of the window. */
const PIECES = 12;
const NEWEST = 0;
const SUM = 1;
const FIRST = 2;

/** Numbers that a {@link RollingSum} is kept in. */
export const ROLLING_CELLS = FIRST + RING;

/**
 * The sum of what was counted in the time that has just passed. What is counted leaves a sixtieth of the window at a time, and
 * never too early: the sum is at least what it is about. Its cells may be in memory that others change too, under a lock.
 */
export class RollingSum {
  private readonly stretchMs: number;

  constructor(
    private readonly cells: Float64Array,
    windowMs: number,
  ) {
    this.stretchMs = windowMs / STRETCHES;
  }

  /** Forgets what has left the window by now. Returns the sum. */
  at(now: number): number {
    const { cells } = this;
    const stretch = this.stretchOf(now);
    const newest = cells[NEWEST] as number;
    if (stretch > newest) this.advance(newest, stretch);
    // A clock that was far ahead must not keep what it counted until then; one that steps back a little changes nothing.
    else if (newest - stretch >= RING) this.gather(stretch);
    return cells[SUM] as number;
  }

  /** Counts in the stretch of now, which it returns. After `at`. */
  add(delta: number): number {
    const newest = this.cells[NEWEST] as number;
    this.correct(newest, delta);
    return newest;
  }

  /** Changes what was counted in a stretch, unless that has left the window. */
  correct(stretch: number, delta: number): void {
    const { cells } = this;
    const newest = cells[NEWEST] as number;
    if (stretch > newest || newest - stretch >= RING) return;
    const cell = FIRST + (stretch % RING);
    cells[cell] = (cells[cell] as number) + delta;
    cells[SUM] = (cells[SUM] as number) + delta;
  }

  /**
   * Raises what was counted since then to what is known of it from elsewhere. What is missing is taken to be of `until`, so
   * that it does not leave too early. After `at`.
   */
  raise(since: number, until: number, least: number): void {
    const newest = this.cells[NEWEST] as number;
    const from = Math.max(this.stretchOf(since), newest - RING + 1);
    let counted = 0;
    for (let stretch = from; stretch <= newest; stretch++)
      counted += this.cells[FIRST + (stretch % RING)] as number;
    if (least > counted) this.correct(Math.min(newest, this.stretchOf(until)), least - counted);
  }

  /** When some of it leaves next, unix milliseconds; `now` when there is nothing. */
  nextRelease(now: number): number {
    const newest = this.cells[NEWEST] as number;
    for (let stretch = newest - RING + 1; stretch <= newest; stretch++)
      if (this.cells[FIRST + (stretch % RING)] !== 0) return (stretch + RING) * this.stretchMs;
    return now;
  }

  /**
   * Asks a record outside this process what was counted since some moments of the window. What it resolves to counts that,
   * to be called after `at`, under the lock if there is one: raising makes it harmless when several threads do so.
   */
  async restore(now: number, countedSince: (since: number) => Promise<number>): Promise<() => void> {
    const whole = this.stretchMs * STRETCHES;
    const points = Array.from({ length: PIECES + 1 }, (_, i) => Math.ceil(now - (whole * i) / PIECES));
    const known = await Promise.all(points.slice(1).map(countedSince));
    return () => {
      known.forEach((least, i) => {
        this.raise(points[i + 1] as number, points[i] as number, least);
      });
    };
  }

  private stretchOf(now: number): number {
    return Math.floor(now / this.stretchMs);
  }

  private advance(newest: number, stretch: number): void {
    const { cells } = this;
    const steps = Math.min(stretch - newest, RING);
    for (let i = 1; i <= steps; i++) {
      const cell = FIRST + ((newest + i) % RING);
      cells[SUM] = (cells[SUM] as number) - (cells[cell] as number);
      cells[cell] = 0;
    }
    cells[NEWEST] = stretch;
  }

  private gather(stretch: number): void {
    const { cells } = this;
    const sum = cells[SUM] as number;
    cells.fill(0, FIRST);
    cells[NEWEST] = stretch;
    cells[FIRST + (stretch % RING)] = sum;
  }
}
