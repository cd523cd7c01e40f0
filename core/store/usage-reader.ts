import { offsetAt, QUARTER_MS, type UsedBy, type UsedSoFar } from '@headgate/sdk';
import type { LedgerSql, SqlRow, SqlValue, Statements } from './ledger-sql.js';
import type { RequestReader } from './request-reader.js';
import { countOf } from './retention.js';
import { dayText, hourText, stretches } from './time-zone.js';
import { SUM_COLUMNS } from './usage-columns.js';
import { cursorOf, readCursor } from './usage-cursor.js';
import { COLUMN_OF, groupsWith, tagsOf } from './usage-filter.js';
import { type Bucket, type SlotRange, type SqlPart, sumsByGroup } from './usage-parts.js';
import {
  type GroupDimension,
  NO_USAGE,
  TIME_DIMENSIONS,
  type UsageDimension,
  type UsageQuery,
  type UsageReport,
  type UsageRow,
  type UsageSums,
} from './usage-report.js';
import { DAY_MS, QUARTERS_A_DAY } from './usage-totals.js';
import { usedSince } from './used-since.js';

/** Sums may be of more than a column holds while they are added. */
const SUMS = SUM_COLUMNS.map((name) => `CAST(sum(${name}) AS BIGINT) AS ${name}`).join(', ');

/** Reads the sums, and records where quarters of an hour are too coarse. */
export class UsageReader {
  constructor(
    private readonly db: LedgerSql,
    private readonly requests: Pick<RequestReader, 'batches'>,
  ) {}

  report(query: UsageQuery): Promise<UsageReport> {
    return this.db.snapshot((sql) => new UsageQuestion(sql, query).answer());
  }

  /** What its requests used from that moment on, exact to the millisecond while the records of its quarter are kept. */
  used(of: UsedBy, since: number): Promise<UsedSoFar> {
    return this.db.snapshot((sql) => usedSince(sql, this.requests, of, since));
  }
}

class UsageQuestion {
  private readonly zone: string;
  private readonly names: readonly GroupDimension[];
  private readonly time: (typeof TIME_DIMENSIONS)[number] | null;

  constructor(
    private readonly sql: Statements,
    private readonly query: UsageQuery,
  ) {
    this.zone = query.timeZone;
    this.names = query.groupBy.filter((name): name is GroupDimension => !isTime(name));
    // The finest says the others.
    this.time = TIME_DIMENSIONS.findLast((name) => query.groupBy.includes(name)) ?? null;
  }

  async answer(): Promise<UsageReport> {
    const { query, sql } = this;
    const from = query.from === null ? null : Math.floor(query.from / QUARTER_MS);
    const to = query.to === null ? null : Math.ceil(query.to / QUARTER_MS);
    const range = await this.bounds(from, to);
    const quartersSince = await countOf(sql, 'quarters_since_day');
    const bucket: Bucket = this.time === 'hour' ? 'hour' : this.time === null ? null : 'day';
    const zone = bucket === null ? [] : stretches(this.zone, range.from, range.to);
    const groups = groupsWith(sql.kind, query.filter);
    const sums = sumsByGroup({ range, bucket, zone, quartersSince, groups });
    const found = query.groupBy.length === 0 ? [] : await this.grouped(sums);
    const rows = found.slice(0, query.limit).map((row) => this.rowOf(row));
    const more = found.length > query.limit;
    return {
      from: from === null ? null : from * QUARTER_MS,
      to: to === null ? null : to * QUARTER_MS,
      timeZone: this.zone,
      groupBy: query.groupBy,
      rows: await this.withKeyNames(rows),
      next: more ? cursorOf(this.placeOf(found[query.limit - 1]!)) : null,
      total: await this.total(rows, more, sumsByGroup({ range, bucket: null, zone, quartersSince, groups })),
      wholeDaysBefore: this.wholeDaysBefore(range, bucket, quartersSince),
    };
  }

  /** What there is at all, so that no time zone is followed through decades without a request. */
  private async bounds(from: number | null, to: number | null): Promise<SlotRange> {
    const [row = []] = await this.sql.all('SELECT min(day), max(day) FROM usage_days');
    const first = Number(row[0] ?? 0) * QUARTERS_A_DAY;
    const end = (Number(row[1] ?? 0) + 1) * QUARTERS_A_DAY;
    const start = Math.max(from ?? first, first);
    return { from: start, to: Math.max(start, Math.min(to ?? end, end)) };
  }

  private async grouped(sums: SqlPart): Promise<SqlRow[]> {
    const { sql, query, names, time } = this;
    const columns = names.map((name) => (name === 'tag' ? 'tags.value' : `g.${COLUMN_OF[name]}`));
    const bucket = time === null ? [] : [time === 'month' ? monthOf(sql.kind, 'bucket') : 'bucket'];
    const tagged = names.includes('tag');
    const shown = [...bucket, ...columns].map((text, i) => `${text} AS k${i}`);
    const tags = query.filter.tag ?? [];
    const text = `SELECT ${[...shown, SUMS].join(', ')} FROM (${sums.text}) t
      ${names.length > 0 ? 'JOIN usage_groups g ON g.id = t.group_id' : ''}
      ${tagged ? `CROSS JOIN ${tagsOf(sql.kind, 'g')}` : ''}
      ${tagged && tags.length > 0 ? `WHERE tags.value IN (${tags.map(() => '?').join(', ')})` : ''}
      GROUP BY ${shown.map((_, i) => i + 1).join(', ')}`;
    const keys = shown.map((_, i) => `k${i}`);
    const order = [...keys.slice(0, bucket.length), '-cost_nano', ...keys.slice(bucket.length)];
    const after = query.after === null ? null : readCursor(query.after, order.length);
    const values: SqlValue[] = [...sums.values, ...(tagged ? tags : []), ...(after ?? [])];
    return sql.all(
      `SELECT * FROM (${text}) r ${after === null ? '' : `WHERE (${order.join(', ')}) > (${order.map(() => '?').join(', ')})`}
       ORDER BY ${order.join(', ')} LIMIT ${query.limit + 1}`,
      values,
    );
  }

  /** Where a row stands in the order of rows. */
  private placeOf(row: SqlRow): (string | number)[] {
    const bucket = this.time === null ? 0 : 1;
    const cost = -BigInt(row[bucket + this.names.length + SUM_COLUMNS.length - 1] as number | bigint);
    const times = row.slice(0, bucket).map(Number);
    return [...times, String(cost), ...row.slice(bucket, bucket + this.names.length).map(String)];
  }

  private rowOf(row: SqlRow): UsageRow {
    const bucket = this.time === null ? 0 : 1;
    const group = this.query.groupBy.map((name) =>
      isTime(name) ? this.timeText(name, Number(row[0])) : String(row[bucket + this.names.indexOf(name)]),
    );
    return { group, keyName: '', sums: sumsOf(row, bucket + this.names.length) };
  }

  private timeText(name: (typeof TIME_DIMENSIONS)[number], bucket: number): string {
    if (this.time === 'month') return `${Math.floor(bucket / 100)}-${String(bucket % 100).padStart(2, '0')}`;
    if (name === 'hour') return hourText(this.zone, bucket);
    const day =
      this.time === 'day' ? bucket : Math.floor((bucket + offsetAt(this.zone, bucket)) / QUARTERS_A_DAY);
    return name === 'day' ? dayText(day) : dayText(day).slice(0, 7);
  }

  private async withKeyNames(rows: readonly UsageRow[]): Promise<readonly UsageRow[]> {
    const at = this.query.groupBy.indexOf('key');
    if (at < 0 || rows.length === 0) return rows;
    const found = await this.sql.all('SELECT key_id, name FROM key_names');
    const names = new Map(found.map(([id, name]) => [String(id), String(name)]));
    return rows.map((row) => ({ ...row, keyName: names.get(row.group[at] ?? '') ?? '' }));
  }

  private async total(rows: readonly UsageRow[], more: boolean, sums: SqlPart): Promise<UsageSums> {
    const onePage = !more && this.query.after === null && rows.length > 0;
    if (onePage && !this.names.includes('tag')) return rows.reduce(plus, { ...NO_USAGE });
    const [row = []] = await this.sql.all(`SELECT ${SUMS} FROM (${sums.text}) t`, sums.values);
    return sumsOf(row, 0);
  }

  private wholeDaysBefore(range: SlotRange, bucket: Bucket, quartersSince: number): number | null {
    const fine = quartersSince * QUARTERS_A_DAY;
    if (range.from >= fine) return null;
    const split = bucket === 'hour' || (bucket === 'day' && this.zone !== 'UTC');
    return split || range.from % QUARTERS_A_DAY !== 0 ? quartersSince * DAY_MS : null;
  }
}

function isTime(name: UsageDimension): name is (typeof TIME_DIMENSIONS)[number] {
  return TIME_DIMENSIONS.some((one) => one === name);
}

/** Such as 202601, of a day since 1970. */
function monthOf(kind: 'sqlite' | 'postgres', day: string): string {
  return kind === 'sqlite'
    ? `CAST(strftime('%Y%m', ${day} * 86400, 'unixepoch') AS INTEGER)`
    : `CAST(to_char(date '1970-01-01' + CAST(${day} AS INTEGER), 'YYYYMM') AS INTEGER)`;
}

function plus(total: UsageSums, { sums }: UsageRow): UsageSums {
  return {
    requests: total.requests + sums.requests,
    errors: total.errors + sums.errors,
    unpricedRequests: total.unpricedRequests + sums.unpricedRequests,
    inputTokens: total.inputTokens + sums.inputTokens,
    outputTokens: total.outputTokens + sums.outputTokens,
    cacheReadTokens: total.cacheReadTokens + sums.cacheReadTokens,
    cacheWriteTokens: total.cacheWriteTokens + sums.cacheWriteTokens,
    reasoningTokens: total.reasoningTokens + sums.reasoningTokens,
    costNano: total.costNano + sums.costNano,
  };
}

function sumsOf(row: SqlRow, at: number): UsageSums {
  const number = (i: number): number => Number(row[at + i] ?? 0);
  const cost = row[at + SUM_COLUMNS.length - 1];
  return {
    requests: number(0),
    errors: number(1),
    unpricedRequests: number(2),
    inputTokens: number(3),
    outputTokens: number(4),
    cacheReadTokens: number(5),
    cacheWriteTokens: number(6),
    reasoningTokens: number(7),
    costNano: typeof cost === 'bigint' || typeof cost === 'number' ? BigInt(cost) : 0n,
  };
}
