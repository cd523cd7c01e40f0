import type { CompiledQuery, DatabaseConnection, QueryResult } from 'kysely';
import type { LedgerSql, SqlRow, SqlValue, Statements } from './ledger-sql.js';
import { LEDGER_VERSION } from './ledger-version.js';
import { shownAddress } from './sql/address.js';
import { explainSqlite, openSqlite, type Sqlite } from './sql/sqlite-file.js';

type Prepared = ReturnType<Sqlite['prepare']>;

/** The thread must go on receiving while somebody else holds the database: wait a little, then try again later. */
const BUSY_MS = 200;

/** Opens the file in this thread: what is written is many records at once, and not worth a way to another thread. */
export async function openLedgerSqlite(path: string, fsync: boolean): Promise<LedgerSql> {
  const db = openSqlite(path, BUSY_MS, (opened) => {
    if (fsync) opened.exec('PRAGMA synchronous = FULL');
  });
  try {
    if (!isCurrent(db)) await bringUp(db, path);
    return new LedgerSqlite(db);
  } catch (error) {
    db.close();
    throw explainSqlite(error, path);
  }
}

function isCurrent(db: Sqlite): boolean {
  const known = db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'headgate_schema'").get();
  if (known === undefined) return false;
  const row: unknown = db.prepare("SELECT version FROM headgate_schema WHERE part = 'ledger'").raw().get();
  return Array.isArray(row) && Number(row[0]) === LEDGER_VERSION;
}

/** Nearly every start finds the tables as they should be, and need not load what changes them. */
async function bringUp(db: Sqlite, path: string): Promise<void> {
  const { LEDGER_STEPS } = await import('./schema.js');
  const { migrate } = await import('./sql/migrate.js');
  const { sqliteKysely } = await import('./sql/sqlite-driver.js');
  const shown = shownAddress({ kind: 'sqlite', path });
  const kysely = sqliteKysely<unknown>(new InThread(db));
  await migrate({ kind: 'sqlite', shown, db: kysely, close: async () => {} }, 'ledger', LEDGER_STEPS);
}

/** Statements as they come. Everything is done before the call returns; the promises are for the interface. */
class SqliteStatements implements Statements {
  readonly kind = 'sqlite';
  private readonly prepared = new Map<string, Prepared>();

  constructor(private readonly db: Sqlite) {}

  async all(sql: string, values: readonly SqlValue[] = []): Promise<SqlRow[]> {
    const rows = this.statement(sql)
      .raw()
      .all([...values]) as unknown[][];
    for (const row of rows) {
      for (let i = 0; i < row.length; i++)
        if (typeof row[i] === 'bigint') row[i] = narrowed(row[i] as bigint);
    }
    return rows;
  }

  async run(sql: string, values: readonly SqlValue[] = []): Promise<number> {
    return this.statement(sql).run([...values]).changes;
  }

  async each(sql: string, rows: readonly (readonly SqlValue[])[]): Promise<void> {
    let done = 0;
    if (rows.length >= TOGETHER) {
      const many = this.statement(
        sql.replace(LIST, (_, list: string) => `VALUES ${Array(TOGETHER).fill(list).join(', ')}`),
      );
      for (; done + TOGETHER <= rows.length; done += TOGETHER)
        many.run(rows.slice(done, done + TOGETHER).flat());
    }
    const statement = this.statement(sql);
    for (const row of rows.slice(done)) statement.run([...row]);
  }

  private statement(sql: string): Prepared {
    let found = this.prepared.get(sql);
    if (found === undefined) {
      found = this.db.prepare(sql).safeIntegers(true);
      if (this.prepared.size >= MOST_PREPARED) this.prepared.clear();
      this.prepared.set(sql, found);
    }
    return found;
  }
}

const MOST_PREPARED = 200;
/** Rows of one statement: a call costs as much as several rows. */
const TOGETHER = 32;
const LIST = /VALUES (\([?, ]+\))/;

function narrowed(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

class LedgerSqlite implements LedgerSql {
  readonly kind = 'sqlite';
  private readonly inside: SqliteStatements;
  /** Done when whoever has the connection lets go of it. */
  private last: Promise<void> = Promise.resolve();

  constructor(private readonly db: Sqlite) {
    this.inside = new SqliteStatements(db);
  }

  all(sql: string, values?: readonly SqlValue[]): Promise<SqlRow[]> {
    return this.alone(() => this.inside.all(sql, values));
  }

  run(sql: string, values?: readonly SqlValue[]): Promise<number> {
    return this.alone(() => this.inside.run(sql, values));
  }

  each(sql: string, rows: readonly (readonly SqlValue[])[]): Promise<void> {
    return this.transaction((inside) => inside.each(sql, rows));
  }

  transaction<T>(work: (sql: Statements) => Promise<T>): Promise<T> {
    return this.between('BEGIN IMMEDIATE', work);
  }

  snapshot<T>(work: (sql: Statements) => Promise<T>): Promise<T> {
    return this.between('BEGIN', work);
  }

  close(): Promise<void> {
    return this.alone(async () => {
      this.db.close();
    });
  }

  private between<T>(begin: string, work: (sql: Statements) => Promise<T>): Promise<T> {
    return this.alone(async () => {
      this.db.exec(begin);
      try {
        const result = await work(this.inside);
        this.db.exec('COMMIT');
        return result;
      } catch (error) {
        // A full disk may have ended the transaction by itself.
        if (this.db.inTransaction) this.db.exec('ROLLBACK');
        throw error;
      }
    });
  }

  private async alone<T>(work: () => Promise<T>): Promise<T> {
    const before = this.last;
    let free = (): void => {};
    this.last = new Promise((resolve) => {
      free = resolve;
    });
    await before;
    try {
      return await work();
    } finally {
      free();
    }
  }
}

/** What `migrate` needs of a connection. */
class InThread implements DatabaseConnection {
  constructor(private readonly db: Sqlite) {}

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    const statement = this.db.prepare(sql);
    if (statement.reader) return { rows: statement.all([...parameters]) as R[] };
    return { rows: [], numAffectedRows: BigInt(statement.run([...parameters]).changes) };
  }

  // biome-ignore lint/correctness/useYield: there is nothing to yield; rows come all at once
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error('rows of SQLite are not streamed: ask for them a page at a time');
  }
}
