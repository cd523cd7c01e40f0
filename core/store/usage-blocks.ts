import type { LedgerSql, SqlRow, Statements } from './ledger-sql.js';
import { alone } from './maintenance.js';
import { countOf } from './retention.js';
import { columnsOf, openColumns, packColumns, type UsageColumns } from './usage-block.js';
import { GROUP_COLUMNS, SUM_COLUMNS } from './usage-columns.js';
import { UsageMemory } from './usage-memory.js';
import type { SlotRange } from './usage-parts.js';
import { DAY_MS, QUARTERS_A_DAY, type Totals } from './usage-totals.js';

const HOURS_A_DAY = 24;
const SLOTS_AN_HOUR = 4;
/** Records may come that late and still find no block that must be made again. */
const SETTLE_MS = 600_000;

/** The sums of a stretch of time. */
export interface UsageUnit {
  /** First quarter of an hour, since 1970. */
  readonly start: number;
  /** Quarters that it covers. */
  readonly slots: number;
  /** Only sums of the whole day are left: all stand at its first quarter. */
  readonly whole: boolean;
  readonly columns: UsageColumns;
}

const GROUP = GROUP_COLUMNS.map((name) => `g.${name}`).join(', ');
const SUMS = SUM_COLUMNS.map((name) => `s.${name}`).join(', ');
const OF_QUARTERS = `SELECT s.slot, ${GROUP}, ${SUMS} FROM usage_quarters s LEFT JOIN usage_groups g ON g.id = s.group_id
WHERE s.slot >= ? AND s.slot < ? ORDER BY s.slot, s.group_id`;
const OF_DAY = `SELECT s.day * ${QUARTERS_A_DAY}, ${GROUP}, ${SUMS} FROM usage_days s LEFT JOIN usage_groups g ON g.id = s.group_id
WHERE s.day = ? ORDER BY s.group_id`;

/**
 * Says that the sums of these quarters change. Part of the transaction that changes them: a block is used only while its hours
 * were written as often as when it was made.
 */
export async function markWritten(sql: Statements, quarters: readonly Pick<Totals, 'slot'>[]): Promise<void> {
  const hours = new Set(quarters.map(({ slot }) => Math.floor(slot / SLOTS_AN_HOUR)));
  await sql.each(
    'INSERT INTO usage_marks (hour, writes) VALUES (?, ?) ON CONFLICT (hour) DO UPDATE SET writes = usage_marks.writes + 1',
    [...hours].sort((a, b) => a - b).map((hour) => [hour, 1]),
  );
}

/** Says that something of a whole day has changed. */
export function markDay(sql: Statements, day: number): Promise<void> {
  return markWritten(sql, [{ slot: day * QUARTERS_A_DAY }]);
}

/** All sums of that time, and of the whole days at its ends where only days are left. */
export async function* usageUnits(
  sql: Statements,
  { from, to }: SlotRange,
  quartersSince: number,
  memory: UsageMemory,
): AsyncGenerator<UsageUnit> {
  const last = Math.ceil(to / QUARTERS_A_DAY);
  const page = await Page.read(sql, Math.floor(from / QUARTERS_A_DAY), last, memory);
  for (const day of page.days()) {
    const start = day * QUARTERS_A_DAY;
    const whole = await page.block(start, QUARTERS_A_DAY, page.writesOfDay(day));
    if (whole !== null) yield { ...whole, whole: day < quartersSince };
    else if (day < quartersSince)
      yield { ...unitOf(await sql.all(OF_DAY, [day]), start, QUARTERS_A_DAY), whole: true };
    else yield* hoursOf(sql, page, day);
  }
}

/** First quarters of the blocks of a day that are in use and are not what the tables say. */
export async function wrongBlocks(sql: Statements, day: number, quartersSince: number): Promise<number[]> {
  const page = await Page.read(sql, day, day + 1, new UsageMemory());
  const hours = await hoursWritten(sql, day);
  const wrong: number[] = [];
  for (const { start, slots } of page.inUse(hours)) {
    const rows =
      day < quartersSince ? await sql.all(OF_DAY, [day]) : await sql.all(OF_QUARTERS, [start, start + slots]);
    const [row = []] = await sql.all('SELECT data FROM usage_blocks WHERE slot = ? AND slots = ?', [
      start,
      slots,
    ]);
    if (Buffer.compare(row[0] as Uint8Array, packColumns(columnsOf(rows, start))) !== 0) wrong.push(start);
  }
  return wrong;
}

/** The hours of a day that has no block of its own; those without one of theirs together. */
async function* hoursOf(sql: Statements, page: Page, day: number): AsyncGenerator<UsageUnit> {
  let open: number | null = null;
  const written = await hoursWritten(sql, day);
  const writes = (hour: number): number => written.get(hour) ?? 0;
  const end = (day + 1) * HOURS_A_DAY;
  for (let hour = day * HOURS_A_DAY; hour <= end; hour++) {
    const block = hour === end ? null : await page.block(hour * SLOTS_AN_HOUR, SLOTS_AN_HOUR, writes(hour));
    const known = hour === end || block !== null || writes(hour) === 0;
    if (!known) open ??= hour;
    else if (open !== null) {
      const [start, until] = [open * SLOTS_AN_HOUR, hour * SLOTS_AN_HOUR];
      open = null;
      yield unitOf(await sql.all(OF_QUARTERS, [start, until]), start, until - start);
    }
    if (block !== null) yield block;
  }
}

function unitOf(rows: readonly SqlRow[], start: number, slots: number): UsageUnit {
  return { start, slots, whole: false, columns: columnsOf(rows, start) };
}

/** How often each hour of a day was written. */
async function hoursWritten(sql: Statements, day: number): Promise<ReadonlyMap<number, number>> {
  const marks = await sql.all('SELECT hour, writes FROM usage_marks WHERE hour >= ? AND hour < ?', [
    day * HOURS_A_DAY,
    (day + 1) * HOURS_A_DAY,
  ]);
  return new Map(marks.map(([hour, writes]) => [Number(hour), Number(writes)]));
}

/** What there is of some days: how often their hours were written, and blocks. */
class Page {
  private constructor(
    private readonly sql: Statements,
    private readonly memory: UsageMemory,
    private readonly writes: ReadonlyMap<number, number>,
    private readonly blocks: ReadonlyMap<string, number>,
  ) {}

  static async read(sql: Statements, from: number, to: number, memory: UsageMemory): Promise<Page> {
    // Added up there: a year has thousands of hours, and most days are read as one block.
    const marks = await sql.all(
      `SELECT hour / ${HOURS_A_DAY}, sum(writes) FROM usage_marks WHERE hour >= ? AND hour < ? GROUP BY 1`,
      [from * HOURS_A_DAY, to * HOURS_A_DAY],
    );
    const days = new Map(marks.map(([day, writes]) => [Number(day), Number(writes)]));
    const rows = await sql.all('SELECT slot, slots, writes FROM usage_blocks WHERE slot >= ? AND slot < ?', [
      from * QUARTERS_A_DAY,
      to * QUARTERS_A_DAY,
    ]);
    const blocks = new Map(rows.map(([slot, slots, writes]) => [`${slot} ${slots}`, Number(writes)]));
    return new Page(sql, memory, days, blocks);
  }

  days(): number[] {
    return [...this.writes.keys()].sort((a, b) => a - b);
  }

  /** Blocks that say what the tables say, as far as their marks go. */
  inUse(hours: ReadonlyMap<number, number>): { start: number; slots: number }[] {
    return [...this.blocks].flatMap(([name, writes]) => {
      const [start = 0, slots = 0] = name.split(' ').map(Number);
      const [day, hour] = [Math.floor(start / QUARTERS_A_DAY), Math.floor(start / SLOTS_AN_HOUR)];
      const now = slots === QUARTERS_A_DAY ? this.writesOfDay(day) : (hours.get(hour) ?? 0);
      return now === writes ? [{ start, slots }] : [];
    });
  }

  writesOfDay(day: number): number {
    return this.writes.get(day) ?? 0;
  }

  /** Null when there is none that says what the tables say. */
  async block(start: number, slots: number, writes: number): Promise<UsageUnit | null> {
    if (this.blocks.get(`${start} ${slots}`) !== writes) return null;
    const name = `${start} ${slots} ${writes}`;
    let columns = this.memory.find(name);
    if (columns === null) {
      const [row] = await this.sql.all('SELECT data FROM usage_blocks WHERE slot = ? AND slots = ?', [
        start,
        slots,
      ]);
      const data = row?.[0] as Uint8Array;
      columns = openColumns(data);
      if (columns === null) return null;
      this.memory.keep(name, columns, data.length);
    }
    return { start, slots, whole: false, columns };
  }
}

/**
 * Writes the sums of hours, and of days once they are over, by columns beside the tables: a report reads a million sums so in a
 * tenth of the time. Whatever comes late makes a block useless until it is made again.
 */
export class UsageBlocks {
  constructor(private readonly db: LedgerSql) {}

  /** Makes one block; true when there may be more to make. Rejects when the database refuses. */
  step(now: number): Promise<boolean> {
    return alone(this.db, false, async (sql) => {
      const over = now - SETTLE_MS;
      const day = await this.staleDay(sql, Math.floor(over / DAY_MS));
      if (day !== null) {
        await this.makeDay(sql, day.start, day.writes);
        return true;
      }
      const hour = await this.staleHour(sql, Math.floor(over / (DAY_MS / HOURS_A_DAY)));
      if (hour === null) return false;
      const start = hour.start * SLOTS_AN_HOUR;
      const rows = await sql.all(OF_QUARTERS, [start, start + SLOTS_AN_HOUR]);
      await write(sql, { start, slots: SLOTS_AN_HOUR, writes: hour.writes }, rows);
      return true;
    });
  }

  /** A day before that one whose block is missing or old. */
  private async staleDay(sql: Statements, before: number): Promise<{ start: number; writes: number } | null> {
    const [row] = await sql.all(
      `SELECT m.day, m.writes FROM (SELECT hour / ${HOURS_A_DAY} AS day, sum(writes) AS writes FROM usage_marks WHERE hour < ? GROUP BY 1) m
       LEFT JOIN usage_blocks b ON b.slot = m.day * ${QUARTERS_A_DAY} AND b.slots = ${QUARTERS_A_DAY}
       WHERE b.slot IS NULL OR b.writes <> m.writes ORDER BY m.day LIMIT 1`,
      [before * HOURS_A_DAY],
    );
    return row === undefined ? null : { start: Number(row[0]), writes: Number(row[1]) };
  }

  /** An hour before that one, of a day that is not over, whose block is missing or old. */
  private async staleHour(
    sql: Statements,
    before: number,
  ): Promise<{ start: number; writes: number } | null> {
    const [row] = await sql.all(
      `SELECT m.hour, m.writes FROM usage_marks m
       LEFT JOIN usage_blocks b ON b.slot = m.hour * ${SLOTS_AN_HOUR} AND b.slots = ${SLOTS_AN_HOUR}
       WHERE m.hour >= ? AND m.hour < ? AND (b.slot IS NULL OR b.writes <> m.writes) ORDER BY m.hour LIMIT 1`,
      [Math.floor(before / HOURS_A_DAY) * HOURS_A_DAY, before],
    );
    return row === undefined ? null : { start: Number(row[0]), writes: Number(row[1]) };
  }

  private async makeDay(sql: Statements, day: number, writes: number): Promise<void> {
    const start = day * QUARTERS_A_DAY;
    const gone = day < (await countOf(sql, 'quarters_since_day'));
    const rows = gone
      ? await sql.all(OF_DAY, [day])
      : await sql.all(OF_QUARTERS, [start, start + QUARTERS_A_DAY]);
    await sql.run('DELETE FROM usage_blocks WHERE slot >= ? AND slot < ?', [start, start + QUARTERS_A_DAY]);
    await write(sql, { start, slots: QUARTERS_A_DAY, writes }, rows);
  }
}

async function write(
  sql: Statements,
  { start, slots, writes }: { start: number; slots: number; writes: number },
  rows: readonly SqlRow[],
): Promise<void> {
  await sql.run(
    `INSERT INTO usage_blocks (slot, slots, writes, data) VALUES (?, ?, ?, ?)
     ON CONFLICT (slot, slots) DO UPDATE SET writes = excluded.writes, data = excluded.data`,
    [start, slots, writes, packColumns(columnsOf(rows, start))],
  );
}
