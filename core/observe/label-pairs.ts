/** The values of two labels, and what is kept for them. */
export interface LabelPair<V> {
  readonly first: string;
  readonly second: string;
  readonly value: V;
}

const OTHER = 'other';

/**
 * Values by two labels, of which there is a bounded number: what comes after the limit shares one pair of `other` and
 * `other`. Labels come from requests, and a client could invent a new one with each. Nested maps, because joining two
 * strings into one name costs more than two look-ups.
 */
export class LabelPairs<V> {
  private readonly byFirst = new Map<string, Map<string, V>>();
  private readonly pairs: LabelPair<V>[] = [];

  constructor(
    private readonly limit: number,
    private readonly create: () => V,
  ) {}

  at(first: string, second: string): V {
    const found = this.byFirst.get(first)?.get(second);
    if (found !== undefined) return found;
    if (this.pairs.length < this.limit || (first === OTHER && second === OTHER))
      return this.make(first, second);
    return this.at(OTHER, OTHER);
  }

  entries(): readonly LabelPair<V>[] {
    return this.pairs;
  }

  private make(first: string, second: string): V {
    const value = this.create();
    let bySecond = this.byFirst.get(first);
    if (bySecond === undefined) {
      bySecond = new Map();
      this.byFirst.set(first, bySecond);
    }
    bySecond.set(second, value);
    this.pairs.push({ first, second, value });
    return value;
  }
}
