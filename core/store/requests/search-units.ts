import type { BlockData } from '../block-data.js';
import type { Column } from '../column.js';
import type { LedgerSql } from '../ledger-sql.js';
import type { RecordBatch } from '../record-batch.js';
import type { TimeRange } from '../request-reader.js';
import {
  columnsOfBlock,
  openColumn,
  type SearchColumns,
  type SearchField,
  type SegmentColumns,
  type SegmentField,
} from './search-columns.js';
import type { SearchMemory } from './search-memory.js';
import { type BlockName, readNames } from './segment-names.js';

const BLOCKS = `SELECT id, first_ms, last_ms FROM request_blocks WHERE last_ms >= ? AND first_ms < ?`;
const SEGMENTS = `SELECT id, first_ms, last_ms, records, blocks FROM request_segments WHERE last_ms >= ? AND first_ms < ?`;

const COLUMN = 'SELECT data FROM request_columns WHERE segment = ? AND field = ?';

/** Something was merged or deleted since it was listed: what is searched must be listed anew. */
export class Moved extends Error {}

/** Where a record lies. */
export interface RecordPlace {
  readonly block: BlockName;
  readonly row: number;
}

/** What is searched at a time, opened. */
export interface OpenUnit {
  readonly rows: number;
  /** Rows are in order of time. */
  readonly sorted: boolean;
  /** The columns of these fields; others need not be there. */
  load<F extends SearchField>(fields: readonly F[]): Promise<Pick<SearchColumns, F>>;
  /** Tells where a record lies; null when it is there no longer. */
  places(): Promise<(row: number) => RecordPlace | null>;
}

/** A block, or a segment in the place of its blocks. */
export interface Unit {
  readonly firstMs: number;
  readonly lastMs: number;
  open(): Promise<OpenUnit>;
}

/** All that may have records of that time, the latest first. Each record is in one of them. */
export async function unitsOf(
  db: LedgerSql,
  data: BlockData,
  memory: SearchMemory,
  { from, to }: TimeRange,
): Promise<Unit[]> {
  const blocks = new Map<number, BlockName>();
  for (const [id, firstMs, lastMs] of (await db.all(BLOCKS, [from, to])) as unknown as [
    number,
    number,
    number,
  ][])
    blocks.set(id, { id, firstMs, lastMs });
  const units: Unit[] = [];
  for (const [id, firstMs, lastMs, records, names] of await db.all(SEGMENTS, [from, to])) {
    const of = readNames(names as Uint8Array);
    // A block of the same id and times is the same one; others are gone, and their rows are passed over.
    const alive = of.map((name) => sameName(blocks.get(name.id), name));
    const partly = Number(firstMs) < from || Number(lastMs) >= to;
    if (!partly && !alive.includes(true)) continue;
    for (const [i, name] of of.entries()) if (alive[i]) blocks.delete(name.id);
    units.push({
      firstMs: Number(firstMs),
      lastMs: Number(lastMs),
      open: () =>
        segmentUnit(db, memory, { id: Number(id), rows: Number(records), names: of }, partly ? null : alive),
    });
  }
  for (const name of blocks.values()) units.push({ ...name, open: () => blockUnit(db, data, memory, name) });
  return units.sort((a, b) => b.lastMs - a.lastMs || b.firstMs - a.firstMs);
}

function sameName(one: BlockName | undefined, other: BlockName): boolean {
  return one !== undefined && one.firstMs === other.firstMs && one.lastMs === other.lastMs;
}

async function segmentUnit(
  db: LedgerSql,
  memory: SearchMemory,
  { id, rows, names }: { readonly id: number; readonly rows: number; readonly names: readonly BlockName[] },
  alive: readonly boolean[] | null,
): Promise<OpenUnit> {
  const load = async <F extends SegmentField>(fields: readonly F[]): Promise<Pick<SegmentColumns, F>> => {
    const columns: Partial<Record<SegmentField, Column>> = {};
    const missing: F[] = [];
    for (const field of fields) {
      const known = memory.column(id, field);
      if (known === null) missing.push(field);
      else columns[field] = known;
    }
    for (const field of missing) {
      const [row] = await db.all(COLUMN, [id, field]);
      if (row === undefined) throw new Moved();
      const bytes = row[0] as Uint8Array;
      memory.keepColumn(id, field, (columns[field] = openColumn(bytes)), bytes.length);
    }
    return columns as Pick<SegmentColumns, F>;
  };
  return {
    rows,
    sorted: true,
    load,
    places: async () => {
      const there = alive ?? (await stillThere(db, names));
      const { block, row } = await load(['block', 'row']);
      return (at) => {
        const of = block.at(at);
        return there[of] === true ? { block: names[of] as BlockName, row: row.at(at) } : null;
      };
    },
  };
}

/** Of a segment at the end of the time that is asked for, whose other blocks were not listed. */
async function stillThere(db: LedgerSql, names: readonly BlockName[]): Promise<boolean[]> {
  const rows = await db.all(
    `SELECT id, first_ms, last_ms FROM request_blocks WHERE id IN (${names.map(() => '?').join(', ')})`,
    names.map(({ id }) => id),
  );
  const found = new Map(
    rows.map(([id, firstMs, lastMs]) => [
      Number(id),
      { id: Number(id), firstMs: Number(firstMs), lastMs: Number(lastMs) },
    ]),
  );
  return names.map((name) => sameName(found.get(name.id), name));
}

async function blockUnit(
  db: LedgerSql,
  data: BlockData,
  memory: SearchMemory,
  name: BlockName,
): Promise<OpenUnit> {
  const batch = await openBlock(db, data, memory, name);
  // Of a damaged block nothing can be found.
  const columns = batch === null ? null : columnsOfBlock(batch.columns);
  return {
    rows: batch?.count ?? 0,
    sorted: false,
    load: async () => columns as SearchColumns,
    places: async () => (row) => ({ block: name, row }),
  };
}

/** Null when it is damaged. Throws {@link Moved} when it is there no longer. */
export async function openBlock(
  db: LedgerSql,
  data: BlockData,
  memory: SearchMemory,
  name: BlockName,
): Promise<RecordBatch | null> {
  const known = memory.block(name);
  if (known !== null) return known;
  const batch = await data.open(db, name.id);
  if (batch === null) {
    const [there] = await db.all('SELECT 1 FROM request_blocks WHERE id = ?', [name.id]);
    if (there === undefined) throw new Moved();
    return null;
  }
  // The id was given again.
  if (batch.firstMs !== name.firstMs || batch.lastMs !== name.lastMs) throw new Moved();
  memory.keepBlock(name, batch);
  return batch;
}
