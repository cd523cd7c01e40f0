import { HOUR_MS } from './hourly-usage.js';
import type { OldRequests } from './old-requests.js';
import type { Sqlite } from './open-database.js';
import type { RequestReader, TimeRange } from './request-reader.js';
import type { UsageDimension, UsageQuery, UsageReport, UsageRow, UsageSums } from './usage-report.js';
import { wholeNano } from './whole-number.js';

/** Rows of one report. */
const MOST_ROWS = 10_000;

const COLUMN: Record<UsageDimension, string> = {
  customer: 'customer',
  key: 'key_id',
  model: 'model',
  provider: 'provider',
  day: 'hour / 24',
  hour: 'hour',
};

const SUMS = `sum(requests), sum(errors), sum(unpriced_requests), sum(input_tokens), sum(output_tokens),
sum(cache_read_tokens), sum(cache_write_tokens), sum(reasoning_tokens), sum(cost_nano)`;

/** Reads the hourly sums, and records where hours are too coarse. */
export class UsageReader {
  constructor(
    private readonly db: Sqlite,
    private readonly requests: Pick<RequestReader, 'batches'>,
    private readonly old: Pick<OldRequests, 'spent'>,
  ) {}

  report(query: UsageQuery): UsageReport {
    const from = query.from === null ? null : Math.floor(query.from / HOUR_MS);
    const to = query.to === null ? null : Math.ceil(query.to / HOUR_MS);
    const { where, values } = conditions(query, from, to);
    const total = this.all(`SELECT ${SUMS} FROM usage_hourly ${where}`, values)[0] ?? [];
    const rows = query.groupBy.length === 0 ? [] : this.grouped(query.groupBy, where, values);
    return {
      from: from === null ? null : from * HOUR_MS,
      to: to === null ? null : to * HOUR_MS,
      groupBy: query.groupBy,
      rows: rows.slice(0, MOST_ROWS),
      truncated: rows.length > MOST_ROWS,
      total: sumsOf(total, 0),
    };
  }

  /** Nano-dollars that a key spent from that moment on, exact to the millisecond while the records of its hour are kept. */
  spent(keyId: string, since: number): number {
    const hour = Math.ceil(since / HOUR_MS);
    const whole = this.all('SELECT sum(cost_nano) FROM usage_hourly WHERE key_id = ? AND hour >= ?', [
      keyId,
      hour,
    ]);
    const start = { from: since, to: hour * HOUR_MS };
    const old = this.old.spent(keyId, start.from, start.to);
    return Number(whole[0]?.[0] ?? 0) + old + this.sumOfRecords(keyId, start);
  }

  private sumOfRecords(keyId: string, { from, to }: TimeRange): number {
    if (from >= to) return 0;
    let sum = 0;
    for (const { columns, count } of this.requests.batches({ from, to })) {
      const { time, costNano } = columns;
      if (!columns.keyId.mayHave(keyId)) continue;
      for (let row = 0; row < count; row++) {
        if (columns.keyId.at(row) !== keyId || time.at(row) < from || time.at(row) >= to) continue;
        sum += wholeNano(costNano.at(row) ?? 0);
      }
    }
    return sum;
  }

  private grouped(groupBy: readonly UsageDimension[], where: string, values: unknown[]): UsageRow[] {
    const columns = groupBy.map((dimension) => COLUMN[dimension]);
    const times = groupBy.flatMap((dimension, i) =>
      dimension === 'day' || dimension === 'hour' ? [String(i + 1)] : [],
    );
    const found = this.all(
      `SELECT ${columns.join(', ')}, ${SUMS}, max(key_name) FROM usage_hourly ${where}
       GROUP BY ${columns.join(', ')} ORDER BY ${[...times, 'sum(cost_nano) DESC', ...columns.map((_, i) => i + 1)].join(', ')}
       LIMIT ${MOST_ROWS + 1}`,
      values,
    );
    const byKey = groupBy.includes('key');
    return found.map((row) => ({
      group: groupBy.map((dimension, i) => shown(dimension, row[i])),
      keyName: byKey ? String(row[columns.length + 9]) : '',
      sums: sumsOf(row, columns.length),
    }));
  }

  /** Rows as arrays; whole numbers that a double cannot hold come as bigints. */
  private all(sql: string, values: unknown[]): unknown[][] {
    const statement = this.db.prepare(sql);
    statement.safeIntegers(true);
    return statement.raw().all(values) as unknown[][];
  }
}

function conditions(
  query: UsageQuery,
  from: number | null,
  to: number | null,
): { where: string; values: unknown[] } {
  const parts: string[] = [];
  const values: unknown[] = [];
  if (from !== null) {
    parts.push('hour >= ?');
    values.push(from);
  }
  if (to !== null) {
    parts.push('hour < ?');
    values.push(to);
  }
  if (query.customer !== null) {
    parts.push('customer = ?');
    values.push(query.customer);
  }
  if (query.key !== null) {
    parts.push('(key_id = ? OR key_name = ?)');
    values.push(query.key, query.key);
  }
  return { where: parts.length === 0 ? '' : `WHERE ${parts.join(' AND ')}`, values };
}

function shown(dimension: UsageDimension, value: unknown): string {
  if (dimension === 'day') return new Date(Number(value) * 24 * HOUR_MS).toISOString().slice(0, 10);
  if (dimension === 'hour') return `${new Date(Number(value) * HOUR_MS).toISOString().slice(0, 19)}Z`;
  return String(value);
}

function sumsOf(row: readonly unknown[], at: number): UsageSums {
  const number = (i: number): number => Number(row[at + i] ?? 0);
  const cost = row[at + 8];
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
