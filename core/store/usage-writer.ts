import type { Statements } from './ledger-sql.js';
import { markWritten } from './usage-blocks.js';
import { GROUP_COLUMNS, SUM_COLUMNS } from './usage-columns.js';
import type { Totals, UsageAdded } from './usage-totals.js';

const add = (table: string, unit: string): string => `
INSERT INTO ${table} (${unit}, group_id, ${SUM_COLUMNS.join(', ')})
VALUES (${Array(SUM_COLUMNS.length + 2)
  .fill('?')
  .join(', ')})
ON CONFLICT (${unit}, group_id) DO UPDATE SET ${SUM_COLUMNS.map((name) => `${name} = ${table}.${name} + excluded.${name}`).join(', ')}`;

const ADD_QUARTERS = add('usage_quarters', 'slot');
const ADD_DAYS = add('usage_days', 'day');
const ADD_GROUPS = `INSERT INTO usage_groups (id, ${GROUP_COLUMNS.join(', ')})
VALUES (${Array(GROUP_COLUMNS.length + 1)
  .fill('?')
  .join(', ')}) ON CONFLICT (id) DO NOTHING`;
const SET_NAMES =
  'INSERT INTO key_names (key_id, name) VALUES (?, ?) ON CONFLICT (key_id) DO UPDATE SET name = excluded.name';

/** Groups and names that are known to be there; beyond it they are written again, which changes nothing. */
const MOST_KNOWN = 50_000;

/** Adds to the sums of quarters and days. */
export class UsageWriter {
  private groups = new Set<bigint>();
  private names = new Map<string, string>();

  /** Part of the caller's transaction, which must be told to `committed`. */
  async add(sql: Statements, added: UsageAdded): Promise<void> {
    const groups = [...added.groups].filter(([id]) => !this.groups.has(id));
    groups.sort(([a], [b]) => (a < b ? -1 : 1));
    await sql.each(
      ADD_GROUPS,
      groups.map(([id, values]) => [id, ...values]),
    );
    const names = [...added.keyNames].filter(([id, name]) => this.names.get(id) !== name);
    await sql.each(SET_NAMES, names.sort());
    await addQuarters(sql, added.quarters);
    await addDays(sql, added.days);
    await markWritten(sql, added.quarters);
  }

  /** What was added is in the database for good. */
  committed(added: UsageAdded): void {
    if (this.groups.size + this.names.size > MOST_KNOWN) this.forget();
    for (const id of added.groups.keys()) this.groups.add(id);
    for (const [id, name] of added.keyNames) this.names.set(id, name);
  }

  /** Groups may have been deleted. */
  forget(): void {
    this.groups = new Set();
    this.names = new Map();
  }
}

export function addQuarters(sql: Statements, quarters: readonly Totals[]): Promise<void> {
  return sql.each(ADD_QUARTERS, quarters.map(rowOf));
}

export function addDays(sql: Statements, days: readonly Totals[]): Promise<void> {
  return sql.each(ADD_DAYS, days.map(rowOf));
}

function rowOf(sum: Totals): (number | bigint)[] {
  return [sum.slot, sum.group, ...sum.values];
}
