/** Counts of observations by upper bound, in typed arrays: an observation costs a few comparisons and no allocation. */
export class Histogram {
  readonly bounds: readonly number[];
  /** One count a bound and one for what lies above all; not cumulative. */
  readonly counts: Float64Array;
  sum = 0;

  /** @param bounds ascending */
  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number): void {
    if (!(value >= 0)) return;
    const bounds = this.bounds;
    let i = 0;
    while (i < bounds.length && value > bounds[i]!) i++;
    this.counts[i]!++;
    this.sum += value;
  }

  /** Whether anything was observed. */
  get isEmpty(): boolean {
    return this.sum === 0 && this.counts.every((count) => count === 0);
  }

  /** Adds what another one with the same bounds has. */
  merge(other: Pick<Histogram, 'counts' | 'sum'>): void {
    for (let i = 0; i < this.counts.length; i++) this.counts[i]! += other.counts[i] ?? 0;
    this.sum += other.sum;
  }
}
