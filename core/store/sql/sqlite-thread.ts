import { parentPort, workerData } from 'node:worker_threads';
import { Rpc } from '../../threads/rpc.js';
import { openSqlite, type Sqlite } from './sqlite-file.js';

/** What one statement gave. */
export interface SqliteResult {
  readonly rows: readonly Record<string, unknown>[];
  readonly changes: number;
}

/** How long a statement waits for another connection's transaction: nobody but this thread waits with it. */
const BUSY_MS = 10_000;
/** Statements kept prepared; beyond it they are prepared anew. */
const MAX_STATEMENTS = 200;

/** Entry of the thread that runs the statements of an SQLite database, so that none of them blocks another thread. */
const port = parentPort;
if (port !== null) {
  let open: Sqlite | null = null;
  const statements = new Map<string, ReturnType<Sqlite['prepare']>>();
  const database = (): Sqlite => {
    if (open === null) throw new Error('the database is closed');
    return open;
  };

  const prepared = (sql: string): ReturnType<Sqlite['prepare']> => {
    const known = statements.get(sql);
    if (known !== undefined) return known;
    const statement = database().prepare(sql);
    if (statements.size >= MAX_STATEMENTS) statements.clear();
    statements.set(sql, statement);
    return statement;
  };

  const run = (sql: string, parameters: readonly unknown[]): SqliteResult => {
    const statement = prepared(sql);
    if (statement.reader) return { rows: statement.all([...parameters]) as SqliteResult['rows'], changes: 0 };
    return { rows: [], changes: statement.run([...parameters]).changes };
  };

  new Rpc(port, {
    open: () => {
      open = openSqlite(String(workerData), BUSY_MS);
    },
    run: (sql: string, parameters: readonly unknown[]) => {
      try {
        return run(sql, parameters);
      } catch (error) {
        // A code does not survive the way to the other thread, a name does.
        const code = error instanceof Error && 'code' in error ? String(error.code) : 'Error';
        throw Object.assign(new Error(error instanceof Error ? error.message : String(error)), {
          name: code,
        });
      }
    },
    close: () => {
      statements.clear();
      open?.close();
      open = null;
      // Once the answer is out.
      setImmediate(() => port.close());
    },
  });
}
