import { Worker } from 'node:worker_threads';
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  Kysely,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import { Rpc } from '../../threads/rpc.js';
import { shownAddress } from './address.js';
import type { SqlDatabase } from './sql-database.js';
import type { SqliteResult } from './sqlite-thread.js';

/** Room for new objects in the thread, MB: rows come and go, nothing stays. */
const YOUNG_MB = 4;

/**
 * Opens an SQLite database in a thread of its own; the calling thread only sends statements and gets rows. Rejects with
 * words for people.
 */
export async function openSqliteThread<Tables>(path: string): Promise<SqlDatabase<Tables>> {
  const thread = new SqliteThread(path);
  try {
    await thread.open();
  } catch (error) {
    await thread.close();
    throw error;
  }
  const db = sqliteKysely<Tables>(thread);
  return {
    kind: 'sqlite',
    shown: shownAddress({ kind: 'sqlite', path }),
    db,
    close: async () => {
      await db.destroy();
      await thread.close();
    },
  };
}

/** Statements for SQLite over one connection, wherever that is. */
export function sqliteKysely<Tables>(connection: DatabaseConnection): Kysely<Tables> {
  const dialect: Dialect = {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new SqliteDriver(connection),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
  return new Kysely<Tables>({ dialect });
}

class SqliteThread implements DatabaseConnection {
  private readonly rpc: Rpc;
  private readonly exited: Promise<void>;

  constructor(path: string) {
    const worker = new Worker(new URL('./sqlite-thread.js', import.meta.url), {
      workerData: path,
      name: 'store',
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
    });
    this.rpc = new Rpc(worker, {});
    worker.on('error', (error) => this.gone(error.message));
    this.exited = new Promise((resolve) => {
      worker.once('exit', () => {
        this.gone('it ended');
        resolve();
      });
    });
  }

  open(): Promise<void> {
    return this.rpc.call('open');
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    const { rows, changes } = await this.rpc.call<SqliteResult>('run', sql, parameters);
    return { rows: rows as R[], numAffectedRows: BigInt(changes) };
  }

  // biome-ignore lint/correctness/useYield: there is nothing to yield; rows come all at once
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error('rows of SQLite are not streamed: ask for them a page at a time');
  }

  async close(): Promise<void> {
    await this.rpc.call('close').catch(() => {});
    await this.exited;
  }

  private gone(why: string): void {
    this.rpc.close(new Error(`the store's thread is gone: ${why}`));
  }
}

/** One connection, had by one transaction at a time. */
class SqliteDriver implements Driver {
  private last: Promise<void> = Promise.resolve();
  private free: (() => void) | null = null;

  constructor(private readonly connection: DatabaseConnection) {}

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    const before = this.last;
    let free = (): void => {};
    this.last = new Promise((resolve) => {
      free = resolve;
    });
    await before;
    this.free = free;
    return this.connection;
  }

  /** At once for writing: a transaction that only asks for that later fails when somebody else has written meanwhile. */
  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('BEGIN IMMEDIATE'));
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('COMMIT'));
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('ROLLBACK'));
  }

  async releaseConnection(): Promise<void> {
    this.free?.();
  }

  async destroy(): Promise<void> {}
}
