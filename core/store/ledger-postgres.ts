import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import type { LedgerSql, SqlRow, SqlValue, Statements } from './ledger-sql.js';
import { LEDGER_STEPS } from './schema.js';
import { shownAddress } from './sql/address.js';
import { migrate } from './sql/migrate.js';
import { connectionSettings, explainPostgres } from './sql/postgres.js';

/** One for what is written, the others for reports. */
const CONNECTIONS = 3;
/** Values of one statement; Postgres counts them in 16 bits. */
const MOST_VALUES = 32_000;
const INT8 = 20;
const NUMERIC = 1700;

/** Opens the database over the network. A connection that is lost is replaced by the next statement. */
export async function openLedgerPostgres(url: string): Promise<LedgerSql> {
  const shown = shownAddress({ kind: 'postgres', url });
  const usual = connectionSettings(url);
  const pool = new pg.Pool({
    ...usual,
    max: CONNECTIONS,
    idleTimeoutMillis: 60_000,
    types: { getTypeParser: parserOf as pg.CustomTypesConfig['getTypeParser'] },
  });
  // What goes wrong with a connection that nobody uses is seen by the next statement.
  pool.on('error', () => {});
  // One that is in use tells its statement; without a listener of its own it would end this thread besides.
  pool.on('connect', (client) => client.on('error', () => {}));
  try {
    const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) });
    await migrate({ kind: 'postgres', shown, db, close: async () => {} }, 'ledger', LEDGER_STEPS);
    return new LedgerPostgres(pool);
  } catch (error) {
    await pool.end();
    throw error instanceof Error && 'code' in error ? explainPostgres(error, shown) : error;
  }
}

function parserOf(oid: number, format?: 'text' | 'binary'): (text: string) => unknown {
  return (oid === INT8 || oid === NUMERIC) && format !== 'binary'
    ? number
    : (pg.types.getTypeParser(oid, format as 'text') as (text: string) => unknown);
}

function number(text: string): number | bigint {
  const value = Number(text);
  return Number.isSafeInteger(value) || text.includes('.') ? value : BigInt(text);
}

type Queries = Pick<pg.ClientBase, 'query'>;

class PostgresStatements implements Statements {
  readonly kind = 'postgres';

  constructor(private readonly client: Queries) {}

  async all(sql: string, values: readonly SqlValue[] = []): Promise<SqlRow[]> {
    return (await this.query(sql, values)).rows as SqlRow[];
  }

  async run(sql: string, values: readonly SqlValue[] = []): Promise<number> {
    return (await this.query(sql, values)).rowCount ?? 0;
  }

  async each(sql: string, rows: readonly (readonly SqlValue[])[]): Promise<void> {
    const width = rows[0]?.length ?? 1;
    const many = Math.floor(MOST_VALUES / width);
    for (let i = 0; i < rows.length; i += many) {
      const some = rows.slice(i, i + many);
      await this.query(repeated(sql, some.length), some.flat());
    }
  }

  private query(sql: string, values: readonly SqlValue[]): Promise<pg.QueryArrayResult> {
    return this.client.query({ text: numbered(sql), values: [...values], rowMode: 'array' });
  }
}

class LedgerPostgres extends PostgresStatements implements LedgerSql {
  constructor(private readonly pool: pg.Pool) {
    super(pool as unknown as Queries);
  }

  transaction<T>(work: (sql: Statements) => Promise<T>): Promise<T> {
    return this.between('BEGIN', work);
  }

  snapshot<T>(work: (sql: Statements) => Promise<T>): Promise<T> {
    return this.between('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY', work);
  }

  close(): Promise<void> {
    return this.pool.end();
  }

  private async between<T>(begin: string, work: (sql: Statements) => Promise<T>): Promise<T> {
    const client = await this.pool.connect();
    let broken = false;
    try {
      await client.query(begin);
      try {
        const result = await work(new PostgresStatements(client));
        await client.query('COMMIT');
        return result;
      } catch (error) {
        await client.query('ROLLBACK').catch(() => {
          broken = true;
        });
        throw error;
      }
    } finally {
      client.release(broken);
    }
  }
}

const texts = new Map<string, string>();

/** `?` as `$1`, `$2` and so on. */
function numbered(sql: string): string {
  const known = texts.get(sql);
  if (known !== undefined) return known;
  let count = 0;
  const text = sql.replaceAll('?', () => `$${++count}`);
  // Those for many rows differ with their number.
  if (sql.length < 4000) {
    if (texts.size >= 500) texts.clear();
    texts.set(sql, text);
  }
  return text;
}

function repeated(sql: string, rows: number): string {
  return sql.replace(/VALUES (\([?, ]+\))/, (_, row: string) => `VALUES ${Array(rows).fill(row).join(', ')}`);
}
