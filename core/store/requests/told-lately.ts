import type { SearchFilter } from './search-query.js';

/** Ids that are remembered of one listener: those of ten seconds and more, for whoever can read them. */
const MOST_IDS = 10_000;
/** How long whoever has gone may come back, and how many of them. */
const BACK_MS = 300_000;
const MOST_GONE = 32;

/** What one listener was told lately, in that order. */
export class Told {
  /** Unix milliseconds; null while it listens. */
  endedMs: number | null = null;

  constructor(
    readonly filter: string,
    private readonly ids: Set<string>,
  ) {}

  add(ids: readonly string[]): void {
    for (const id of ids) this.ids.add(id);
    for (const id of this.ids) {
      if (this.ids.size <= MOST_IDS) break;
      this.ids.delete(id);
    }
  }

  /** Up to that one, since whoever has that one has what came before it; null when it was not told here, or long ago. */
  upTo(id: string): Set<string> | null {
    if (!this.ids.has(id)) return null;
    const before = new Set<string>();
    for (const one of this.ids) {
      before.add(one);
      if (one === id) break;
    }
    return before;
  }
}

/** Remembers what listeners were told, those that have gone too, so that one that comes back is not told it again. */
export class ToldLately {
  private lists: Told[] = [];

  constructor(private readonly now: () => number = Date.now) {}

  /** For a listener that comes back behind that request, or for a new one. @returns what it was told, and what it will be */
  begin(filter: SearchFilter, since: string | null): { told: Told; before: ReadonlySet<string> } {
    this.forget();
    const text = JSON.stringify(filter);
    let before = new Set<string>();
    for (const list of since === null ? [] : this.lists)
      if (list.filter === text) before = larger(before, list.upTo(since as string));
    const told = new Told(text, new Set(before));
    this.lists.push(told);
    return { told, before };
  }

  end(told: Told): void {
    told.endedMs = this.now();
    this.forget();
  }

  private forget(): void {
    const now = this.now();
    const isFresh = ({ endedMs }: Told): boolean => endedMs === null || Math.abs(now - endedMs) < BACK_MS;
    this.lists = this.lists.filter(isFresh);
    const gone = this.lists.filter(({ endedMs }) => endedMs !== null);
    const old = new Set(gone.slice(0, Math.max(0, gone.length - MOST_GONE)));
    this.lists = this.lists.filter((one) => !old.has(one));
  }
}

function larger(one: Set<string>, other: Set<string> | null): Set<string> {
  return other !== null && other.size > one.size ? other : one;
}
