import type { TimeRange } from '../request-reader.js';
import type { RequestSearch } from './request-search.js';
import type { SearchColumns } from './search-columns.js';
import type { SearchFilter } from './search-query.js';
import type { OpenUnit, Unit } from './search-units.js';
import { COUNTED, type RowNames, SessionTotals } from './session-sums.js';
import { rest } from './turns.js';

/** From the latest to the first and back, until nothing more is found: conversations that need more are told in parts. */
const MOST_ROUNDS = 32;
/** Answers by which more of some conversations is found; what has more of them, and no session, is told in parts. */
const MOST_NAMES = 100_000;

const NAMES = ['session', 'answerId', 'continues'] as const;
export type NameColumns = Pick<SearchColumns, (typeof NAMES)[number]>;

/** Clocks of nodes differ by less: what goes on from an answer arrives after it. */
const SKEW_MS = 300_000;

/** What conversations that are looked for are called. */
export class WantedNames {
  private readonly sessions = new Set<string>();
  private readonly answers = new Set<string>();
  /** Answers that were found, and what was gone on from and was not found yet. */
  private readonly found = new Set<string>();
  private readonly open = new Set<string>();
  private sinceMs = Number.POSITIVE_INFINITY;

  get size(): number {
    return this.sessions.size + this.answers.size;
  }

  /** By a name of which it is not known what it is called by. */
  look(name: string): void {
    this.sessions.add(name);
    this.answers.add(name);
    this.open.add(name);
  }

  /** @param time when it arrived, unix milliseconds */
  add({ session, answer, before }: RowNames, time: number): void {
    if (session !== '') this.sessions.add(session);
    if ((answer === '' && before === '') || this.answers.size >= MOST_NAMES) return;
    this.sinceMs = Math.min(this.sinceMs, time);
    if (answer !== '') {
      this.answers.add(answer);
      this.found.add(answer);
      this.open.delete(answer);
    }
    if (before !== '') {
      this.answers.add(before);
      if (!this.found.has(before)) this.open.add(before);
    }
  }

  has({ session, answer, before }: RowNames): boolean {
    return this.sessions.has(session) || this.answers.has(answer) || this.answers.has(before);
  }

  /** Whether something of that time or before it can be called so. */
  mayBeIn({ lastMs }: Unit): boolean {
    return this.sessions.size > 0 || this.answersMayBeIn(lastMs);
  }

  /** The rows of a unit that are called so; null when none is, mostly found out without a look at them. */
  rows({ session, answerId, continues }: NameColumns, rows: number, { lastMs }: Unit): Uint8Array | null {
    const mask = new Uint8Array(rows);
    if (this.sessions.size > 0) session.mark((name) => this.sessions.has(name), mask);
    if (this.answersMayBeIn(lastMs)) {
      answerId.mark((name) => this.answers.has(name), mask);
      continues.mark((name) => this.answers.has(name), mask);
    }
    return mask.includes(1) ? mask : null;
  }

  /** Once everything is found down to where it began, nothing older belongs to it. */
  private answersMayBeIn(lastMs: number): boolean {
    return this.answers.size > 0 && (this.open.size > 0 || lastMs >= this.sinceMs - SKEW_MS);
  }
}

export function namesAt({ session, answerId, continues }: NameColumns, row: number): RowNames {
  return { session: session.at(row), answer: answerId.at(row), before: continues.at(row) };
}

/** The columns of names; null where no row has any. */
export async function nameColumns(open: OpenUnit): Promise<NameColumns | null> {
  if (open.rows === 0) return null;
  const columns = await open.load(NAMES);
  return NAMES.every((name) => isEmpty(columns[name])) ? null : columns;
}

function isEmpty(column: NameColumns[keyof NameColumns]): boolean {
  return column.same && column.at(0) === '';
}

/** The requests of some time that fit a filter, by the conversations that they belong to. */
export class SessionRows {
  private constructor(
    private readonly search: RequestSearch,
    /** The latest first. */
    readonly units: readonly Unit[],
    readonly range: TimeRange,
    readonly filter: SearchFilter,
  ) {}

  static async of(search: RequestSearch, range: TimeRange, filter: SearchFilter): Promise<SessionRows> {
    return new SessionRows(search, await search.units(range), range, filter);
  }

  /** The rows that fit and arrived in that time; null when there is none. */
  fitting(open: OpenUnit, range = this.range): Promise<Uint8Array | null> {
    return this.search.rowsOf(open, this.filter, range);
  }

  /** What all requests of these conversations came to, and where the latest of them lie. */
  async totals(names: WantedNames, mostPlaces = 0): Promise<SessionTotals> {
    await this.complete(names);
    const totals = new SessionTotals(mostPlaces);
    // What is told by name, such as models, is told in the order of its first request.
    await this.named(names, this.units.toReversed(), async (open, columns) => {
      const counted = await open.load(COUNTED);
      const placeOf = await open.places();
      return (row) => {
        const place = placeOf(row);
        if (place !== null) totals.count(namesAt(columns, row), counted, row, place);
      };
    });
    return totals;
  }

  /** Calls back for each row that fits and has one of the names. */
  async named(
    names: WantedNames,
    units: readonly Unit[],
    begin: (open: OpenUnit, columns: NameColumns) => Promise<(row: number) => void>,
    range = this.range,
  ): Promise<void> {
    let since = performance.now();
    for (const unit of units) {
      if (!names.mayBeIn(unit)) continue;
      const open = await unit.open();
      const columns = await nameColumns(open);
      const wanted = columns === null ? null : names.rows(columns, open.rows, unit);
      const fits = wanted === null ? null : await this.fitting(open, range);
      if (columns !== null && wanted !== null && fits !== null) {
        const visit = await begin(open, columns);
        for (let row = 0; row < open.rows; row++) if (wanted[row] === 1 && fits[row] === 1) visit(row);
      }
      since = await rest(since);
    }
  }

  /**
   * Adds the names of all that goes on from one another. An answer is there before what goes on from it: on the way back what came
   * before is found, and on the way forth what else goes on from that.
   */
  private async complete(names: WantedNames): Promise<void> {
    const units = { back: this.units, forth: this.units.toReversed() };
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const { size } = names;
      const back = round % 2 === 0;
      let since = performance.now();
      for (const unit of back ? units.back : units.forth) {
        if (!names.mayBeIn(unit)) continue;
        const open = await unit.open();
        const columns = await nameColumns(open);
        // A session alone is called the same everywhere.
        if (columns !== null && !(isEmpty(columns.answerId) && isEmpty(columns.continues)))
          await this.completeIn(open, columns, names, { unit, back });
        since = await rest(since);
      }
      if (names.size === size) return;
    }
  }

  private async completeIn(
    open: OpenUnit,
    columns: NameColumns,
    names: WantedNames,
    { unit, back }: { readonly unit: Unit; readonly back: boolean },
  ): Promise<void> {
    if (names.rows(columns, open.rows, unit) === null) return;
    const fits = await this.fitting(open);
    if (fits === null) return;
    const { time } = await open.load(['time']);
    for (let i = 0; i < open.rows; i++) {
      const row = back ? open.rows - 1 - i : i;
      if (fits[row] === 0) continue;
      const own = namesAt(columns, row);
      if (names.has(own)) names.add(own, time.at(row));
    }
  }
}
