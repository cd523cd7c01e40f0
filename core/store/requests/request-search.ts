import type { SettledRecord } from '@headgate/sdk';
import { arrivalOf } from '../../request-ids.js';
import type { BlockData } from '../block-data.js';
import type { LedgerSql } from '../ledger-sql.js';
import { copyOf, type RecordBatch } from '../record-batch.js';
import type { TimeRange } from '../request-reader.js';
import type { SearchColumns } from './search-columns.js';
import { fieldsOf, fitting, hasText, type TextHits } from './search-mask.js';
import { type MemoryBounds, SearchMemory } from './search-memory.js';
import {
  isWithin,
  type SearchFilter,
  type SearchPage,
  type SearchPlace,
  type SearchQuery,
  type Within,
} from './search-query.js';
import { Moved, type OpenUnit, openBlock, type RecordPlace, type Unit, unitsOf } from './search-units.js';
import type { BlockName } from './segment-names.js';
import type { TextIndex, TextMatches } from './text-index.js';
import { rest, turn } from './turns.js';

/** An id is made before the arrival is noted, and both by the clock of the same machine. */
const NEAR_MS = 5_000;
/** Rounds of a run have its id, and may come that much later. */
const RUN_MS = 86_400_000;
/** A search begins anew when what it looks for is being merged. */
const TRIES = 4;

/** How a page is looked for. */
export interface SearchBounds extends MemoryBounds {
  /** Blocks that are looked at first. */
  readonly fewBlocks: number;
  /** So long it goes on to older ones; then the page ends with what there is. */
  readonly patienceMs: number;
}

const MB = 1024 * 1024;
/** Some segments first, and half as long as nobody minds; columns of a million requests, and blocks that are in no segment, are kept. */
const USUAL_BOUNDS: SearchBounds = {
  fewBlocks: 256,
  patienceMs: 150,
  columnBytes: 64 * MB,
  blockBytes: 16 * MB,
};
/** For who asks for a page that is full, however long that takes. */
export const PATIENT: SearchBounds = { ...USUAL_BOUNDS, patienceMs: Number.POSITIVE_INFINITY };
/** Of something that goes through all records once. */
export const ONCE_BOUNDS: SearchBounds = { ...USUAL_BOUNDS, columnBytes: 8 * MB, blockBytes: MB };
/** A quarter of a million requests: no longer does one step take. */
const MOST_BLOCKS = 2048;
const BACK = 'SELECT last_ms FROM request_blocks WHERE last_ms < ? ORDER BY last_ms DESC LIMIT 1 OFFSET ?';

interface Hit extends RecordPlace {
  readonly time: number;
}

/** Searches settled records, newest first, and finds single ones. */
export class RequestSearch {
  private readonly memory: SearchMemory;

  /** @param texts of bodies that were kept; null when none can be searched */
  constructor(
    private readonly db: LedgerSql,
    private readonly data: BlockData,
    private readonly texts: TextIndex | null = null,
    private readonly bounds: SearchBounds = USUAL_BOUNDS,
  ) {
    this.memory = new SearchMemory(bounds);
  }

  async page(query: SearchQuery): Promise<SearchPage> {
    const began = performance.now();
    const { text, bodiesWithin } = query.filter;
    const to = query.after === null ? query.to : Math.min(query.to, query.after.time + 1);
    const matches =
      text === '' || this.texts === null || seesNobody(bodiesWithin)
        ? null
        : await this.texts.matches(text, { from: query.from, to });
    // Of older bodies it is not known yet: they are a later page's.
    const from = Math.max(query.from, matches?.since ?? query.from);
    return this.steadily(async () => {
      const records: SettledRecord[] = [];
      let end = to;
      // Mostly the latest blocks have all that a page takes: to list all of them takes longer than that.
      const { fewBlocks, patienceMs } = this.bounds;
      for (let blocks = fewBlocks; ; blocks = Math.min(blocks * 8, MOST_BLOCKS)) {
        const begin = Math.max(from, await this.beginOf(blocks, end));
        const isFull = await this.gather({ from: begin, to: end }, query, matches, records);
        if (isFull) return pageOf(records, query.limit, null);
        if (begin <= from) break;
        // The rest is a later page's, also where nothing was found yet.
        if (performance.now() - began > patienceMs)
          return pageOf(records, query.limit, { time: begin, id: '' });
        end = begin;
      }
      return pageOf(records, query.limit, from > query.from ? { time: from, id: '' } : null);
    });
  }

  /** Null when there is none, or it cannot be read. */
  async findById(id: string): Promise<SettledRecord | null> {
    const arrival = arrivalOf(id);
    if (arrival === null) return null;
    const to = arrival + (id.includes('.') ? RUN_MS : NEAR_MS);
    return this.find(id, { from: arrival - NEAR_MS, to });
  }

  /** The same where it is known when it has arrived. */
  find(id: string, range: TimeRange): Promise<SettledRecord | null> {
    return this.steadily(async () => {
      const units = await this.units(range);
      // Of a block all is read anyway; a segment has no ids.
      for (const unit of units.reverse()) {
        const open = await unit.open();
        for (const block of await blocksOf(open, range)) {
          const batch = await openBlock(this.db, this.data, this.memory, block);
          const found = batch === null ? null : recordIn(batch, id);
          if (found !== null) return found;
        }
        await turn();
      }
      return null;
    });
  }

  /** All that may have records of that time, the latest first. */
  units(range: TimeRange): Promise<Unit[]> {
    return unitsOf(this.db, this.data, this.memory, range);
  }

  /** Which rows of a unit fit, arrived in that time and are still there: 1 for each that does; null when none does. */
  async rowsOf(open: OpenUnit, filter: SearchFilter, { from, to }: TimeRange): Promise<Uint8Array | null> {
    const mask = await maskOf(open, filter, null);
    if (mask === null) return null;
    const { time } = await open.load(['time']);
    const placeOf = await open.places();
    for (let row = 0; row < open.rows; row++)
      if (mask[row] === 1 && (time.at(row) < from || time.at(row) >= to || placeOf(row) === null))
        mask[row] = 0;
    return mask;
  }

  /** Goes through all rows that fit, the latest unit first; `begin` of a unit says what is done with its rows. */
  async each(
    range: TimeRange,
    filter: SearchFilter,
    begin: (unit: OpenUnit) => Promise<(row: number) => void>,
  ): Promise<void> {
    let since = performance.now();
    for (const unit of await this.units(range)) {
      const open = await unit.open();
      const fits = await this.rowsOf(open, filter, range);
      if (fits !== null) {
        const visit = await begin(open);
        for (let row = 0; row < open.rows; row++) if (fits[row] === 1) visit(row);
      }
      since = await rest(since);
    }
  }

  /** The records there, in the same order. Throws {@link Moved} when one is there no longer. */
  async fetch(places: readonly RecordPlace[]): Promise<SettledRecord[]> {
    const found: SettledRecord[] = [];
    for (const { block, row } of places) {
      const batch = await openBlock(this.db, this.data, this.memory, block);
      if (batch === null || row >= batch.count) continue;
      const cursor = batch.cursor();
      cursor.row = row;
      found.push(copyOf(cursor));
    }
    return found;
  }

  /** Does it again while things move. */
  async steadily<T>(work: () => Promise<T>): Promise<T> {
    for (let left = TRIES; ; left--) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof Moved) || left === 1) throw error;
        this.memory.forget();
      }
    }
  }

  /** When the earliest of the last so many blocks before that time ended; long ago when there are fewer. */
  private async beginOf(blocks: number, to: number): Promise<number> {
    const [row] = await this.db.all(BACK, [to, blocks]);
    return row === undefined ? Number.NEGATIVE_INFINITY : Number(row[0]);
  }

  /** Adds what fits and arrived in that time. True when there is more than the page takes. */
  private async gather(
    range: TimeRange,
    query: SearchQuery,
    matches: TextMatches | null,
    into: SettledRecord[],
  ): Promise<boolean> {
    const units = await this.units(range);
    let waiting: Hit[] = [];
    let since = performance.now();
    for (let i = 0; i <= units.length; i++) {
      // Nothing in this unit or a later one is newer than that.
      const edge = units[i]?.lastMs ?? Number.NEGATIVE_INFINITY;
      const ready = waiting.filter(({ time }) => time > edge);
      waiting = waiting.filter(({ time }) => time <= edge);
      if (await this.take(ready, query, matches, into)) return true;
      const unit = units[i];
      if (unit === undefined) break;
      waiting.push(...(await this.hitsIn(unit, range, query, matches)));
      waiting.sort((a, b) => b.time - a.time);
      since = await rest(since);
    }
    return false;
  }

  private async hitsIn(
    unit: Unit,
    { from, to }: TimeRange,
    query: SearchQuery,
    matches: TextMatches | null,
  ): Promise<Hit[]> {
    const open = await unit.open();
    const mask = await maskOf(open, query.filter, matches?.times ?? null);
    if (mask === null) return [];
    const { rows, sorted } = open;
    const { time: times } = await open.load(['time']);
    const placeOf = await open.places();
    const hits: Hit[] = [];
    // More than a page from one unit nobody gets; but of one time all, since ids tell which of them are next.
    const enough = sorted && matches === null ? query.limit : Number.POSITIVE_INFINITY;
    let fresh = 0;
    let last = Number.NaN;
    for (let row = rows - 1; row >= 0; row--) {
      if (mask[row] === 0) continue;
      const time = times.at(row);
      if (time < from || time >= to) continue;
      if (time !== last && fresh > enough) break;
      const place = placeOf(row);
      if (place === null) continue;
      hits.push({ time, ...place });
      // Of the time at which the page before ended some have been told.
      if (time !== query.after?.time) fresh++;
      last = time;
    }
    return hits;
  }

  /** Moves hits into the page, all of one time together. True when it is full. */
  private async take(
    hits: readonly Hit[],
    { limit, after, filter }: SearchQuery,
    matches: TextMatches | null,
    into: SettledRecord[],
  ): Promise<boolean> {
    for (let i = 0; i < hits.length; ) {
      let end = i + 1;
      while (hits[end]?.time === hits[i]?.time) end++;
      const together = await this.fetch(hits.slice(i, end));
      together.sort((a, b) => (a.id < b.id ? 1 : -1));
      for (const record of together) {
        if (after !== null && !isAfter(record, after)) continue;
        const told = matches?.ids.has(record.id) === true && isWithin(record, filter.bodiesWithin);
        if (matches !== null && !told && !hasText(record, filter.text)) continue;
        if (into.push(record) > limit) return true;
      }
      i = end;
    }
    return false;
  }
}

function seesNobody(within: Within | null): boolean {
  return within !== null && within.org.length + within.team.length + within.user.length === 0;
}

function isAfter({ time, id }: SettledRecord, after: SearchPlace): boolean {
  return time < after.time || (time === after.time && id < after.id);
}

/** One more than asked for says that there is a next page. */
function pageOf(records: SettledRecord[], limit: number, otherwise: SearchPlace | null): SearchPage {
  if (records.length <= limit) return { records, next: otherwise };
  const page = records.slice(0, limit);
  const last = page.at(-1) as SettledRecord;
  return { records: page, next: { time: last.time, id: last.id } };
}

async function blocksOf(open: OpenUnit, { from, to }: TimeRange): Promise<Set<BlockName>> {
  const blocks = new Set<BlockName>();
  if (open.rows === 0) return blocks;
  const { time } = await open.load(['time']);
  const placeOf = await open.places();
  for (let row = 0; row < open.rows; row++) {
    const place = time.at(row) >= from && time.at(row) < to ? placeOf(row) : null;
    if (place !== null) blocks.add(place.block);
  }
  return blocks;
}

/** Which rows fit, found with no more columns than that takes; null when none does. */
async function maskOf(open: OpenUnit, filter: SearchFilter, hits: TextHits): Promise<Uint8Array | null> {
  if (open.rows === 0) return null;
  const columns = await open.load(fieldsOf(filter, hits));
  return fitting(columns as SearchColumns, open.rows, filter, hits);
}

function recordIn(batch: RecordBatch, id: string): SettledRecord | null {
  const { columns, count } = batch;
  if (!columns.id.mayHave(id)) return null;
  for (let row = 0; row < count; row++) {
    if (columns.id.at(row) !== id) continue;
    const cursor = batch.cursor();
    cursor.row = row;
    return copyOf(cursor);
  }
  return null;
}
