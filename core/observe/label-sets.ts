/** The values of some labels, in a fixed order, and what is kept for them. */
export interface LabelSet<V> {
  readonly labels: readonly string[];
  readonly value: V;
}

/** What stands for labels that found no room. */
export const OTHER = 'other';

/** How many sets there may still be, shared by those that count together. */
export class Room {
  /** Times that something was counted as {@link OTHER} for want of room. */
  refused = 0;

  constructor(private left: number) {}

  take(): boolean {
    if (this.left <= 0) {
      this.refused++;
      return false;
    }
    this.left--;
    return true;
  }
}

type Level<V> = Map<string, Level<V> | LabelSet<V>>;

/**
 * Values by some labels, of which there is a bounded number: what comes after it shares one set in which each label is
 * `other`. Labels come from requests, and a client could invent a new one with each. Nested maps, because joining texts into
 * one name costs more than the look-ups.
 */
export class LabelSets<V> {
  private readonly root: Level<V> = new Map();
  private readonly sets: LabelSet<V>[] = [];

  /** @param width how many labels a set has */
  constructor(
    private readonly width: number,
    private readonly room: Room,
    private readonly create: () => V,
    /** A label as it may be shown. */
    private readonly safe: (label: string) => string = (label) => label,
  ) {}

  /** @param labels are copied; the caller may use the list again */
  at(labels: readonly string[]): V {
    if (this.width === 0) return (this.sets[0] ?? this.add([])).value;
    const found = this.find(labels);
    return found === undefined ? this.make(labels) : found.value;
  }

  private find(labels: readonly string[]): LabelSet<V> | undefined {
    let level = this.root;
    for (let i = 0; i < this.width - 1; i++) {
      const next = level.get(labels[i] as string);
      if (next === undefined) return undefined;
      level = next as Level<V>;
    }
    return level.get(labels[this.width - 1] as string) as LabelSet<V> | undefined;
  }

  entries(): readonly LabelSet<V>[] {
    return this.sets;
  }

  private make(labels: readonly string[]): V {
    // Looked at only here: what has a set is safe.
    const shown = labels.map(this.safe);
    if (shown.some((label, i) => label !== labels[i])) return this.find(shown)?.value ?? this.make(shown);
    // The set of all others always has room: it is one.
    if (labels.every((one) => one === OTHER) || this.room.take()) return this.put(shown);
    return this.at(labels.map(() => OTHER));
  }

  private put(labels: string[]): V {
    let level = this.root;
    for (const label of labels.slice(0, -1)) {
      let next = level.get(label) as Level<V> | undefined;
      if (next === undefined) {
        next = new Map();
        level.set(label, next);
      }
      level = next;
    }
    const set = this.add(labels);
    level.set(labels.at(-1) as string, set);
    return set.value;
  }

  private add(labels: string[]): LabelSet<V> {
    const set = { labels, value: this.create() };
    this.sets.push(set);
    return set;
  }
}
