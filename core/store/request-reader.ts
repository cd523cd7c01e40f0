import type { SettledRecord } from '@headgate/sdk';
import type { BlockData } from './block-data.js';
import type { Column } from './column.js';
import type { LedgerSql, Statements } from './ledger-sql.js';
import { copyOf, type RecordBatch } from './record-batch.js';

/** Arrivals from `from` up to but not including `to`, unix milliseconds. */
export interface TimeRange {
  readonly from: number;
  readonly to: number;
}

/** Fields, and the values that they must have. */
export type RecordFilter = Partial<Omit<SettledRecord, 'tags' | 'usage' | 'attempts' | 'hooks'>>;

export type TimeOrder = 'newest first' | 'oldest first';

/** Blocks that are looked up at a time. */
const PAGE = 256;

type Head = readonly [id: number, firstMs: number, lastMs: number];

const page = (key: string, sign: string, order: string): string =>
  `SELECT id, first_ms, last_ms FROM request_blocks
   WHERE last_ms >= ? AND first_ms < ? AND (${key}, id) ${sign} (?, ?, ?)
   ORDER BY ${key.replace(',', ` ${order},`)} ${order}, id ${order} LIMIT ${PAGE}`;

const NEWEST = page('last_ms, first_ms', '<', 'DESC');
const OLDEST = page('first_ms, last_ms', '>', 'ASC');

/**
 * Reads settled records. Only blocks of the time asked for are opened; of those only the ones whose columns may have the
 * values asked for are looked through; only records that fit are put together. Between two steps blocks may be merged and
 * deleted: a reader that must see each record once asks within a snapshot.
 */
export class RequestReader {
  constructor(
    private readonly db: LedgerSql,
    private readonly data: BlockData,
  ) {}

  /** Records of that time with those values, in order of time and then of id. */
  async *records(
    range: TimeRange,
    order: TimeOrder,
    filter: RecordFilter = {},
    sql: Statements = this.db,
  ): AsyncGenerator<SettledRecord> {
    const newest = order === 'newest first';
    const compare = newest ? byTime : (a: SettledRecord, b: SettledRecord) => byTime(b, a);
    /** Found and not yet passed on; the last one is next. */
    const found: SettledRecord[] = [];
    for await (const [id, firstMs, lastMs] of headsOf(sql, range, order)) {
      // Nothing in this block or a later one lies beyond this.
      const edge = newest ? lastMs : firstMs;
      for (let next = found.at(-1); next !== undefined; next = found.at(-1)) {
        if (newest ? next.time <= edge : next.time >= edge) break;
        yield next;
        found.pop();
      }
      const batch = await this.data.open(sql, id);
      if (batch !== null && collect(batch, range, filter, found)) found.sort(compare);
    }
    for (let next = found.pop(); next !== undefined; next = found.pop()) yield next;
  }

  /** The blocks that may have records of that time, as batches. */
  async *batches(range: TimeRange, sql: Statements = this.db): AsyncGenerator<RecordBatch> {
    for await (const [id] of headsOf(sql, range, 'newest first')) {
      const batch = await this.data.open(sql, id);
      if (batch !== null) yield batch;
    }
  }
}

async function* headsOf(sql: Statements, { from, to }: TimeRange, order: TimeOrder): AsyncGenerator<Head> {
  const newest = order === 'newest first';
  const end = newest ? Number.MAX_SAFE_INTEGER : Number.MIN_SAFE_INTEGER;
  let after: Head = [end, end, end];
  for (;;) {
    const [id, firstMs, lastMs] = after;
    const times = newest ? [lastMs, firstMs] : [firstMs, lastMs];
    const heads = (await sql.all(newest ? NEWEST : OLDEST, [from, to, ...times, id])) as unknown as Head[];
    yield* heads;
    const last = heads[PAGE - 1];
    if (last === undefined) return;
    after = last;
  }
}

function byTime(a: SettledRecord, b: SettledRecord): number {
  return a.time - b.time || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}

/** Adds copies of the records that fit. False when there were none. */
function collect(batch: RecordBatch, range: TimeRange, filter: RecordFilter, into: SettledRecord[]): boolean {
  const { columns, count } = batch;
  const wanted: { column: Column; value: unknown }[] = [];
  for (const [field, value] of Object.entries(filter)) {
    const column: Column = columns[field as keyof RecordFilter];
    if (!column.mayHave(value)) return false;
    wanted.push({ column, value });
  }
  const before = into.length;
  const cursor = batch.cursor();
  for (let row = 0; row < count; row++) {
    const time = columns.time.at(row);
    if (time < range.from || time >= range.to) continue;
    if (!wanted.every(({ column, value }) => column.at(row) === value)) continue;
    cursor.row = row;
    into.push(copyOf(cursor));
  }
  return into.length > before;
}
