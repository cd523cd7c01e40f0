import type { TimeRange } from '../request-reader.js';
import type { SearchPlace } from './search-query.js';
import type { OpenUnit, Unit } from './search-units.js';
import { type NameColumns, nameColumns, namesAt, type SessionRows, WantedNames } from './session-rows.js';
import { keysOf, type RowNames } from './session-sums.js';
import { rest } from './turns.js';

/** Names that one page remembers. Where more than that were told on pages before, the page ends, and the next one goes on from there. */
const MOST_NAMES = 200_000;

/** What may be a conversation that is not told yet. */
export interface Candidate {
  /** Of its latest request so far. */
  lastMs: number;
  /** Of one of its requests: by these the others are found. Unix milliseconds. */
  readonly names: RowNames;
  readonly firstMs: number;
}

/** Goes back from the latest request, or from the end of the page before, and finds conversations one after the other. */
export class SessionCandidates {
  private readonly known = new Map<string, Candidate>();
  private waiting: Candidate[] = [];
  /** Those that are still to be looked at, the latest first. */
  private readonly units: Unit[];
  private readonly range: TimeRange;

  constructor(
    private readonly rows: SessionRows,
    private readonly after: SearchPlace | null,
    private readonly mostNames = MOST_NAMES,
  ) {
    const { units, range } = rows;
    this.range = after === null ? range : { ...range, to: Math.min(range.to, after.time + 1) };
    this.units = units.filter(({ firstMs }) => firstMs < this.range.to);
  }

  /** Where a later page has to go on, when `next` has found none; null: there are no more. */
  get end(): SearchPlace | null {
    // In front of all of that time: no id is less.
    return this.isFull ? { time: this.edge + 1, id: '' } : null;
  }

  /** The latest of those that are left: so many, and all others of the last one's time. None: see `end`. */
  async next(count: number): Promise<Candidate[]> {
    let since = performance.now();
    for (;;) {
      const { edge } = this;
      const ready = this.waiting.filter(({ lastMs }) => lastMs > edge).sort((a, b) => b.lastMs - a.lastMs);
      const unit = this.isFull ? undefined : this.units[0];
      if (ready.length >= count || unit === undefined) {
        const last = ready[Math.min(count, ready.length) - 1];
        const some = ready.filter((one) => last !== undefined && one.lastMs >= last.lastMs);
        const taken = new Set(some);
        this.waiting = this.waiting.filter((one) => !taken.has(one));
        return some;
      }
      this.units.shift();
      await this.look(await unit.open());
      since = await rest(since);
    }
  }

  /** Nothing that is still to be looked at is later than that. */
  private get edge(): number {
    return this.units[0]?.lastMs ?? Number.NEGATIVE_INFINITY;
  }

  private get isFull(): boolean {
    const moved = this.after === null || this.edge + 1 < this.after.time;
    return moved && this.units.length > 0 && this.known.size > this.mostNames;
  }

  private async look(open: OpenUnit): Promise<void> {
    const columns = await nameColumns(open);
    const fits = columns === null ? null : await this.rows.fitting(open, this.range);
    if (columns === null || fits === null) return;
    const { time } = await open.load(['time']);
    const fresh = new Set<Candidate>();
    for (let row = open.rows - 1; row >= 0; row--) {
      if (fits[row] === 0) continue;
      const names = namesAt(columns, row);
      const keys = keysOf(names);
      let one = keys.map((key) => this.known.get(key)).find((known) => known !== undefined);
      if (one === undefined) {
        // An answer alone is no conversation before something goes on from it.
        if (names.session === '' && names.before === '') continue;
        fresh.add((one = { lastMs: time.at(row), names, firstMs: time.at(row) }));
      }
      one.lastMs = Math.max(one.lastMs, time.at(row));
      for (const key of keys) if (!this.known.has(key)) this.known.set(key, one);
    }
    await this.dropTold(fresh);
    this.waiting.push(...fresh);
  }

  /** What has a request behind the beginning of this page was told before: that is found out for many at a time. */
  private async dropTold(fresh: Set<Candidate>): Promise<void> {
    const { after, rows } = this;
    if (after === null || fresh.size === 0) return;
    const names = new WantedNames();
    for (const one of fresh) names.add(one.names, one.firstMs);
    const later = rows.units.filter(({ lastMs }) => lastMs > after.time);
    const range = { ...rows.range, from: Math.max(rows.range.from, after.time + 1) };
    const drop = async (_: OpenUnit, columns: NameColumns) => (row: number) => {
      for (const key of keysOf(namesAt(columns, row))) {
        const told = this.known.get(key);
        if (told !== undefined) fresh.delete(told);
      }
    };
    await rows.named(names, later, drop, range);
  }
}
