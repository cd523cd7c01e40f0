import type { LedgerSql, SqlRow, SqlValue, Statements } from './ledger-sql.js';
import { one } from './ledger-sql.js';

/** All that is kept, by table: what its rows are told apart by. Each is copied in that order, a page at a time. */
const KEYS: Readonly<Record<string, readonly string[]>> = {
  request_blocks: ['id'],
  spool_position: ['segment'],
  ledger_counts: ['name'],
  usage_groups: ['id'],
  usage_quarters: ['slot', 'group_id'],
  usage_days: ['day', 'group_id'],
  usage_marks: ['hour'],
  invoices: ['number'],
  invoice_months: ['number', 'month'],
  object_owners: ['id'],
  answer_owners: ['id'],
  key_names: ['key_id'],
  kept_answers: ['id'],
  kept_events: ['id', 'sequence'],
  control_entities: ['kind', 'id'],
  control_key_hashes: ['hash'],
  control_audit: ['revision'],
  control_state: ['name'],
  control_revision: ['id'],
  control_sessions: ['hash'],
  control_names: ['name'],
  control_members: ['group_id', 'user_id'],
  control_last_used: ['id'],
  control_mcp_credentials: ['server', 'owner', 'what'],
  control_mcp_pending: ['state'],
  body_places: ['word'],
  request_bodies: ['number'],
};

/** Rows that are held at a time; blocks of records are up to a megabyte each, bodies seldom more than some kilobytes. */
const PAGE_ROWS = 2000;
const PAGES: Readonly<Record<string, number>> = { request_blocks: 32, request_bodies: 100 };

/** Numbers that Postgres goes on counting. */
const COUNTED = { request_blocks: 'id', request_bodies: 'number' };

/** There is something in the database that is to be copied to. */
export class NotEmpty extends Error {}

/**
 * Copies everything from one database to another, all or nothing, in one state of the first. Both have this version's tables.
 * Rejects with NotEmpty when the second has any request or change.
 *
 * @returns rows by table
 */
export function copyStore(from: LedgerSql, to: LedgerSql): Promise<Record<string, number>> {
  const words: Copied = async (target, rows, columns) => {
    const [number, place, data] = ['number', 'place', 'data'].map((name) => columns.indexOf(name)) as [
      number,
      number,
      number,
    ];
    const here = rows.filter((row) => row[place] === '' && row[data] !== null);
    if (here.length === 0) return;
    const { indexCopied } = await import('./bodies/copied-texts.js');
    await indexCopied(
      to,
      target,
      here.map((row) => [Number(row[number]), row[data] as Uint8Array]),
    );
  };
  return from.snapshot((source) =>
    to.transaction(async (target) => {
      const used =
        (await one(target, 'SELECT count(*) FROM request_blocks')) +
        (await one(target, 'SELECT count(*) FROM control_audit'));
      if (used > 0) throw new NotEmpty('there are records or keys in it already');
      const copied: Record<string, number> = {};
      await target.run('DELETE FROM request_texts');
      for (const table of Object.keys(KEYS))
        copied[table] = await copyTable(source, target, table, table === 'request_bodies' ? words : null);
      if (target.kind === 'postgres')
        for (const [table, column] of Object.entries(COUNTED)) await countOn(target, table, column);
      return copied;
    }),
  );
}

async function countOn(target: Statements, table: string, column: string): Promise<void> {
  await target.all(
    `SELECT setval(pg_get_serial_sequence('${table}', '${column}'), (SELECT coalesce(max(${column}), 0) + 1 FROM ${table}), false)`,
  );
}

/** What else is to be made of copied rows. */
type Copied = (target: Statements, rows: readonly SqlRow[], columns: readonly string[]) => Promise<void>;

async function copyTable(
  source: Statements,
  target: Statements,
  table: string,
  then: Copied | null,
): Promise<number> {
  const columns = await columnsOf(source, table);
  const key = KEYS[table] as readonly string[];
  const places = key.map((name) => columns.indexOf(name));
  const names = columns.map((name) => `"${name}"`).join(', ');
  const order = key.map((name) => `"${name}"`).join(', ');
  const limit = PAGES[table] ?? PAGE_ROWS;
  const insert = `INSERT INTO ${table} (${names}) VALUES (${columns.map(() => '?').join(', ')})`;
  // What a new database begins with.
  await target.run(`DELETE FROM ${table}`);
  let copied = 0;
  for (let after: SqlValue[] = []; ; ) {
    const where = after.length === 0 ? '' : `WHERE (${order}) > (${after.map(() => '?').join(', ')})`;
    const rows = await source.all(
      `SELECT ${names} FROM ${table} ${where} ORDER BY ${order} LIMIT ${limit}`,
      after,
    );
    await target.each(insert, rows as SqlValue[][]);
    await then?.(target, rows, columns);
    copied += rows.length;
    if (rows.length < limit) return copied;
    after = placeOf(rows.at(-1) as SqlRow, places);
  }
}

function placeOf(row: SqlRow, places: readonly number[]): SqlValue[] {
  return places.map((place) => row[place] as SqlValue);
}

async function columnsOf(sql: Statements, table: string): Promise<string[]> {
  const rows =
    sql.kind === 'sqlite'
      ? await sql.all('SELECT name FROM pragma_table_info(?)', [table])
      : await sql.all(
          'SELECT column_name FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = ? ORDER BY ordinal_position',
          [table],
        );
  return rows.map(([name]) => String(name));
}
