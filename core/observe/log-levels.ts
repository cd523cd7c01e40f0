import { LINE_LEVELS, type LineLevel, type LogLevel } from './line-level.js';

/** A level that holds for a part of the gateway, or for all of it where `component` is null. */
export interface SetLevel {
  readonly component: string | null;
  readonly level: LogLevel;
  /** Unix milliseconds; null: until it is taken back. */
  readonly untilMs: number | null;
}

/** From which level on lines are written, by the part of the gateway that they come from. Each thread that filters has one. */
export class LogLevels {
  private set: readonly SetLevel[] = [];
  private readonly usual: number;
  private least = 0;
  private next = Number.POSITIVE_INFINITY;
  private readonly ranks = new Map<string | null, number>();

  constructor(
    readonly level: LogLevel,
    private readonly now: () => number = Date.now,
  ) {
    this.usual = rankOf(level);
    this.replace([]);
  }

  /** What is set beside the level of the start, without what has ended. */
  get changes(): readonly SetLevel[] {
    const now = this.now();
    return this.set.filter(({ untilMs }) => untilMs === null || untilMs > now);
  }

  /** These count from now on, and no others; of one component the last. */
  replace(changes: readonly SetLevel[]): void {
    this.set = changes;
    this.ranks.clear();
    this.next = Number.POSITIVE_INFINITY;
    for (const { component, level, untilMs } of this.changes) {
      this.ranks.set(component, rankOf(level));
      if (untilMs !== null) this.next = Math.min(this.next, untilMs);
    }
    this.least = Math.min(this.ranks.get(null) ?? this.usual, ...this.ranks.values());
  }

  /** Whether such a line is written. */
  writes(level: LineLevel, component: string): boolean {
    if (this.now() >= this.next) this.replace(this.changes);
    const rank = rankOf(level);
    if (rank < this.least) return false;
    // `plugin:budget` is one of the plugins.
    const colon = component.indexOf(':');
    const own =
      this.ranks.get(component) ?? (colon < 0 ? undefined : this.ranks.get(component.slice(0, colon)));
    return rank >= (own ?? this.ranks.get(null) ?? this.usual);
  }
}

function rankOf(level: LogLevel): number {
  return level === 'silent' ? LINE_LEVELS.length : LINE_LEVELS.indexOf(level);
}
