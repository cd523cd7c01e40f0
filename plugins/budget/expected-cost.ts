/** Answers of a model that are remembered, and how many there must be before they say anything. */
const REMEMBERED = 200;
const ENOUGH = 20;
/** Most models of which answers are remembered. */
const MOST_MODELS = 1000;

interface Seen {
  readonly costs: number[];
  next: number;
  /** The percentile of a moment ago. */
  percentile: number;
  /** So many answers more, and it is looked for again. */
  stale: number;
}

/** What the answers of models have cost in this thread, for budgets that hold what is expected. */
export class ExpectedCost {
  readonly #models = new Map<string, Seen>();

  /** An answer of that model has cost so much, nano-dollars. */
  note(model: string, nanos: number): void {
    let seen = this.#models.get(model);
    if (seen === undefined) {
      if (this.#models.size >= MOST_MODELS) this.#models.clear();
      seen = { costs: [], next: 0, percentile: 0, stale: 0 };
      this.#models.set(model, seen);
    }
    seen.costs[seen.next] = nanos;
    seen.next = (seen.next + 1) % REMEMBERED;
    seen.stale--;
  }

  /** What 95 % of them have cost at most; null while there are too few. */
  percentile(model: string): number | null {
    const seen = this.#models.get(model);
    if (seen === undefined || seen.costs.length < ENOUGH) return null;
    if (seen.stale <= 0) {
      const sorted = [...seen.costs].sort((a, b) => a - b);
      seen.percentile = sorted[Math.ceil(sorted.length * 0.95) - 1] as number;
      seen.stale = ENOUGH;
    }
    return seen.percentile;
  }
}
