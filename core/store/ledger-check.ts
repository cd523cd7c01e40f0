import { QUARTER_MS } from '@headgate/sdk';
import { BlockData } from './block-data.js';
import { damagedInvoices } from './invoice-rows.js';
import type { LedgerSql, Statements } from './ledger-sql.js';
import type { RecordBatch } from './record-batch.js';
import { RequestReader } from './request-reader.js';
import { countOf } from './retention.js';
import { markDay, markWritten, wrongBlocks } from './usage-blocks.js';
import { GROUP_COLUMNS, SUM_COLUMNS } from './usage-columns.js';
import { DAY_MS, QUARTERS_A_DAY, type Totals, type UsageAdded, UsageAdder } from './usage-totals.js';
import { addDays, addQuarters, UsageWriter } from './usage-writer.js';

/** A sum that is not what the records come to. */
export interface WrongSum {
  readonly table: 'usage_quarters' | 'usage_days' | 'usage_blocks';
  /** Start of the quarter or the day, unix milliseconds. */
  readonly time: number;
  /** What the requests have in common, by column; empty where nobody knows. */
  readonly group: Readonly<Record<string, string>>;
  readonly column: string;
  readonly kept: bigint;
  readonly records: bigint;
}

export interface LedgerCheck {
  /** From then on there are all records, unix milliseconds: sums before that cannot be checked any more. */
  readonly from: number;
  readonly records: number;
  readonly costNano: bigint;
  /** Blocks that cannot be read. */
  readonly damaged: number;
  /** Ids that more than one record has, the first few of them. */
  readonly twice: readonly string[];
  /** The first few of them. */
  readonly wrong: readonly WrongSum[];
  readonly wrongCount: number;
  /** Numbers of invoices that are not as they were issued. */
  readonly changedInvoices: readonly number[];
}

/** Most that are told one by one. */
const MOST_TOLD = 20;

/** Compares the sums with the records they derive from, in one state of the database. */
export function verifyLedger(db: LedgerSql): Promise<LedgerCheck> {
  return db.snapshot((sql) => new Checking(db, sql, false).run());
}

/** The same, and puts what the records come to in the place of what is kept, all or nothing. What was wrong is told. */
export function rebuildLedger(db: LedgerSql): Promise<LedgerCheck> {
  return db.transaction((sql) => new Checking(db, sql, true).run());
}

class Checking {
  private records = 0;
  private costNano = 0n;
  private damaged = 0;
  private readonly twice: string[] = [];
  private readonly wrong: WrongSum[] = [];
  private wrongCount = 0;
  private firstKeptDay = 0;
  private readonly reader: RequestReader;

  constructor(
    db: LedgerSql,
    private readonly sql: Statements,
    private readonly rebuild: boolean,
  ) {
    this.reader = new RequestReader(db, new BlockData(() => this.damaged++));
  }

  async run(): Promise<LedgerCheck> {
    const { sql } = this;
    // While sums are written anew nobody else may add to them; SQLite has one writer anyway.
    if (this.rebuild && sql.kind === 'postgres')
      await sql.run('LOCK TABLE usage_quarters, usage_days, usage_groups IN EXCLUSIVE MODE');
    const from = await countOf(sql, 'complete_since_ms');
    const firstSlot = Math.ceil(from / QUARTER_MS);
    const quartersSince = (await countOf(sql, 'quarters_since_day')) * QUARTERS_A_DAY;
    for (const day of await this.days(firstSlot)) await this.day(day, firstSlot, quartersSince);
    const { records, costNano, damaged, twice, wrong, wrongCount } = this;
    const changedInvoices = await damagedInvoices(sql);
    return { from, records, costNano, damaged, twice, wrong, wrongCount, changedInvoices };
  }

  /** Days that have records, or sums. */
  private async days(firstSlot: number): Promise<number[]> {
    const { sql } = this;
    const firstDay = Math.floor(firstSlot / QUARTERS_A_DAY);
    const [row = []] = await sql.all('SELECT min(first_ms), max(last_ms) FROM request_blocks');
    const [sums = []] = await sql.all('SELECT min(day), max(day) FROM usage_days');
    const starts = [row[0] === null ? null : Math.floor(Number(row[0]) / DAY_MS), sums[0]];
    const ends = [row[1] === null ? null : Math.floor(Number(row[1]) / DAY_MS), sums[1]];
    const known = (list: unknown[]): number[] => list.filter((one) => one != null).map(Number);
    this.firstKeptDay = sums[0] == null ? 0 : Number(sums[0]);
    const first = Math.max(firstDay, Math.min(...known(starts)));
    const last = Math.max(...known(ends));
    return last >= first ? Array.from({ length: last - first + 1 }, (_, i) => first + i) : [];
  }

  private async day(day: number, firstSlot: number, quartersSince: number): Promise<void> {
    const slots = { from: day * QUARTERS_A_DAY, to: (day + 1) * QUARTERS_A_DAY };
    const start = Math.max(slots.from, firstSlot);
    const added = await this.addUp(start * QUARTER_MS, slots.to * QUARTER_MS);
    // Sums of days may be kept for a shorter time than records.
    const whole = start === slots.from && day >= this.firstKeptDay;
    const kept = Math.max(start, quartersSince);
    const quarters = added.quarters.filter(({ slot }) => slot >= kept);
    await this.compare('usage_quarters', 'slot', { from: kept, to: slots.to }, quarters);
    if (whole) await this.compare('usage_days', 'day', { from: day, to: day + 1 }, added.days);
    await this.checkBlocks(day, quartersSince / QUARTERS_A_DAY);
    if (!this.rebuild) return;
    const { sql } = this;
    await new UsageWriter().add(sql, { ...added, quarters: [], days: [] });
    await sql.run('DELETE FROM usage_quarters WHERE slot >= ? AND slot < ?', [kept, slots.to]);
    await addQuarters(sql, quarters);
    await markWritten(sql, quarters);
    await markDay(sql, day);
    if (!whole) return;
    await sql.run('DELETE FROM usage_days WHERE day = ?', [day]);
    await addDays(sql, added.days);
  }

  /** They are made of the tables, and anew where these are written anew. */
  private async checkBlocks(day: number, quartersSince: number): Promise<void> {
    for (const start of await wrongBlocks(this.sql, day, quartersSince)) {
      this.wrongCount++;
      if (this.wrong.length >= MOST_TOLD) continue;
      const time = start * QUARTER_MS;
      this.wrong.push({ table: 'usage_blocks', time, group: {}, column: 'data', kept: 0n, records: 0n });
    }
  }

  private async addUp(from: number, to: number): Promise<UsageAdded> {
    const adder = new UsageAdder();
    const ids = new Set<string>();
    const isIn = (time: number): boolean => time >= from && time < to;
    for await (const batch of this.reader.batches({ from, to }, this.sql)) {
      this.look(batch, isIn, ids);
      adder.add(batch, isIn);
    }
    return adder.take();
  }

  private look({ columns, count }: RecordBatch, isIn: (time: number) => boolean, ids: Set<string>): void {
    for (let row = 0; row < count; row++) {
      if (!isIn(columns.time.at(row))) continue;
      this.records++;
      this.costNano += BigInt(Math.round(columns.costNano.at(row) ?? 0));
      const id = columns.id.at(row);
      if (ids.has(id) && this.twice.length < MOST_TOLD) this.twice.push(id);
      ids.add(id);
    }
  }

  private async compare(
    table: WrongSum['table'],
    unit: 'slot' | 'day',
    { from, to }: { from: number; to: number },
    sums: readonly Totals[],
  ): Promise<void> {
    const rows = await this.sql.all(
      `SELECT ${unit}, group_id, ${SUM_COLUMNS.join(', ')} FROM ${table} WHERE ${unit} >= ? AND ${unit} < ?`,
      [from, to],
    );
    const kept = new Map(rows.map(([at, group, ...values]) => [`${at} ${group}`, values.map(whole)]));
    const wanted = new Map(sums.map((sum) => [`${sum.slot} ${sum.group}`, [...sum.values].map(whole)]));
    for (const name of new Set([...kept.keys(), ...wanted.keys()]))
      await this.difference(table, name, kept.get(name) ?? NOTHING, wanted.get(name) ?? NOTHING);
  }

  private async difference(
    table: WrongSum['table'],
    name: string,
    kept: readonly bigint[],
    records: readonly bigint[],
  ): Promise<void> {
    for (const [i, column] of SUM_COLUMNS.entries()) {
      if (kept[i] === records[i]) continue;
      this.wrongCount++;
      if (this.wrong.length >= MOST_TOLD) continue;
      const [at = '0', group = '0'] = name.split(' ');
      const time = Number(at) * (table === 'usage_days' ? DAY_MS : QUARTER_MS);
      this.wrong.push({
        table,
        time,
        group: await this.groupOf(BigInt(group)),
        column,
        kept: kept[i] as bigint,
        records: records[i] as bigint,
      });
    }
  }

  private async groupOf(id: bigint): Promise<Record<string, string>> {
    const [row = []] = await this.sql.all(
      `SELECT ${GROUP_COLUMNS.join(', ')} FROM usage_groups WHERE id = ?`,
      [id],
    );
    return Object.fromEntries(
      GROUP_COLUMNS.map((name, i) => [name, String(row[i] ?? '')] as const).filter(
        ([, value]) => value !== '' && value !== '[]',
      ),
    );
  }
}

const NOTHING: readonly bigint[] = SUM_COLUMNS.map(() => 0n);

function whole(value: unknown): bigint {
  return typeof value === 'bigint' ? value : BigInt(Math.round(Number(value)));
}
