import { offsetAt, QUARTER_MS, type UsedBy, type UsedSoFar } from '@headgate/sdk';
import { BillCount } from './bill-count.js';
import type { LedgerSql, Statements } from './ledger-sql.js';
import type { RequestReader } from './request-reader.js';
import { countOf } from './retention.js';
import { dayText, hourText, stretches } from './time-zone.js';
import { usageUnits } from './usage-blocks.js';
import { UsageCount } from './usage-count.js';
import { cursorOf, readCursor } from './usage-cursor.js';
import { UsageMemory } from './usage-memory.js';
import type { SlotRange } from './usage-parts.js';
import { type Place, placeOf, ranked } from './usage-rank.js';
import {
  type GroupDimension,
  TIME_DIMENSIONS,
  type TimeDimension,
  type UsageDimension,
  type UsageFilter,
  type UsageQuery,
  type UsageReport,
} from './usage-report.js';
import { TextColumn, type UsageTable } from './usage-table.js';
import { DAY_MS, QUARTERS_A_DAY } from './usage-totals.js';
import { usedSince } from './used-since.js';

/** Reads the sums, and records where quarters of an hour are too coarse. */
export class UsageReader {
  private readonly memory = new UsageMemory();

  constructor(
    private readonly db: LedgerSql,
    private readonly requests: Pick<RequestReader, 'batches'>,
  ) {}

  report(query: UsageQuery): Promise<UsageReport> {
    return this.memory.during(() =>
      this.db.snapshot((sql) => new UsageQuestion(sql, query, this.memory).answer()),
    );
  }

  /** What its requests used from that moment on, exact to the millisecond while the records of its quarter are kept. */
  used(of: UsedBy, since: number): Promise<UsedSoFar> {
    return this.db.snapshot((sql) => usedSince(sql, this.requests, of, since));
  }
}

const NO_NAMES: ReadonlyMap<string, string> = new Map();

class UsageQuestion {
  private readonly zone: string;
  private readonly names: readonly GroupDimension[];
  private readonly time: TimeDimension | null;

  constructor(
    private readonly sql: Statements,
    private readonly query: UsageQuery,
    private readonly memory: UsageMemory,
  ) {
    this.zone = query.timeZone;
    this.names = query.groupBy.filter((name): name is GroupDimension => !isTime(name));
    // The finest says the others.
    this.time = TIME_DIMENSIONS.findLast((name) => query.groupBy.includes(name)) ?? null;
  }

  async answer(): Promise<UsageReport> {
    const { query, sql, names, time, memory } = this;
    const after = this.after();
    const from = query.from === null ? null : Math.floor(query.from / QUARTER_MS);
    const to = query.to === null ? null : Math.ceil(query.to / QUARTER_MS);
    const range = await this.bounds(from, to);
    const quartersSince = await countOf(sql, 'quarters_since_day');
    const zone = time === null ? [] : stretches(this.zone, range.from, range.to);
    const billing = query.billing === undefined ? null : new BillCount(query.billing, memory);
    const count = new UsageCount({
      range,
      time,
      zone,
      names,
      filter: await this.filter(),
      within: query.within ?? null,
      memory,
      billing,
    });
    for await (const unit of usageUnits(sql, range, quartersSince, memory)) count.add(unit);
    const found = ranked(count, after, query.limit + 1);
    const rows = found.slice(0, query.limit);
    const last = rows.at(-1);
    return {
      from: from === null ? null : from * QUARTER_MS,
      to: to === null ? null : to * QUARTER_MS,
      timeZone: this.zone,
      groupBy: query.groupBy,
      table: await this.table(rows, count),
      next: found.length > query.limit && last !== undefined ? this.cursor(placeOf(count, last)) : null,
      total: count.total(),
      wholeDaysBefore: this.wholeDaysBefore(range, quartersSince),
    };
  }

  /** What there is at all, so that no time zone is followed through decades without a request. */
  private async bounds(from: number | null, to: number | null): Promise<SlotRange> {
    // SQLite finds the ends of an index at once, but reads all of it for both in one select.
    const [row = []] = await this.sql.all(
      'SELECT (SELECT min(day) FROM usage_days), (SELECT max(day) FROM usage_days)',
    );
    const first = Number(row[0] ?? 0) * QUARTERS_A_DAY;
    const end = row[0] === null ? first : (Number(row[1] ?? 0) + 1) * QUARTERS_A_DAY;
    const start = Math.max(from ?? first, first);
    return { from: start, to: Math.max(start, Math.min(to ?? end, end)) };
  }

  /** A key goes by its name too. */
  private async filter(): Promise<UsageFilter> {
    const { filter } = this.query;
    if (filter.key === undefined) return filter;
    const named = await this.sql.all(
      `SELECT key_id FROM key_names WHERE name IN (${filter.key.map(() => '?').join(', ')})`,
      filter.key,
    );
    return { ...filter, key: [...filter.key, ...named.map(([id]) => String(id))] };
  }

  private after(): Place | null {
    const { after } = this.query;
    if (after === null) return null;
    const timed = this.time !== null;
    const place = readCursor(after, Number(timed) + 1 + this.names.length);
    return {
      bucket: timed ? Number(place[0]) : 0,
      cost: -BigInt(place[Number(timed)] as bigint),
      values: place.slice(Number(timed) + 1).map(String),
    };
  }

  private cursor({ bucket, cost, values }: Place): string {
    return cursorOf([...(this.time === null ? [] : [bucket]), String(-cost), ...values]);
  }

  private async table(rows: readonly number[], count: UsageCount): Promise<UsageTable> {
    const { length } = rows;
    const { groupBy, billing } = this.query;
    const columns = groupBy.map(() => new TextColumn(length));
    const values = this.names.map((name) => columns[groupBy.indexOf(name)] as TextColumn);
    const timed = groupBy.flatMap((name, i) =>
      isTime(name) ? [{ column: columns[i] as TextColumn, text: this.timeTexts(name) }] : [],
    );
    for (let row = 0; row < length; row++) {
      const from = rows[row] as number;
      count.eachValue(from, (name, value) =>
        (values[name] as TextColumn).put(row, value, (known) => count.textOf(name, known)),
      );
      if (timed.length === 0) continue;
      const bucket = count.bucketOf(from);
      for (const { column, text } of timed) column.put(row, bucket, text);
    }
    const keys = length > 0 && groupBy.includes('key') ? await this.keyNames() : NO_NAMES;
    return {
      length,
      groups: columns.map((column, i) => column.done(groupBy[i] === 'key' ? keys : null)),
      sums: count.sumsOf(rows),
      billed: billing !== undefined,
    };
  }

  private timeTexts(name: TimeDimension): (bucket: number) => string {
    return (bucket) => this.timeText(name, bucket);
  }

  private timeText(name: TimeDimension, bucket: number): string {
    if (this.time === 'month') return `${Math.floor(bucket / 100)}-${String(bucket % 100).padStart(2, '0')}`;
    if (name === 'hour') return hourText(this.zone, bucket);
    const day =
      this.time === 'day' ? bucket : Math.floor((bucket + offsetAt(this.zone, bucket)) / QUARTERS_A_DAY);
    return name === 'day' ? dayText(day) : dayText(day).slice(0, 7);
  }

  private async keyNames(): Promise<ReadonlyMap<string, string>> {
    const found = await this.sql.all('SELECT key_id, name FROM key_names');
    return new Map(found.map(([id, name]) => [String(id), String(name)]));
  }

  private wholeDaysBefore(range: SlotRange, quartersSince: number): number | null {
    const fine = quartersSince * QUARTERS_A_DAY;
    if (range.from >= fine) return null;
    const split = this.time === 'hour' || (this.time !== null && this.zone !== 'UTC');
    return split || range.from % QUARTERS_A_DAY !== 0 ? quartersSince * DAY_MS : null;
  }
}

function isTime(name: UsageDimension): name is TimeDimension {
  return TIME_DIMENSIONS.some((one) => one === name);
}
