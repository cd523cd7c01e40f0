import type { StoreAddress } from './address.js';
import type { SqlDatabase } from './sql-database.js';

export interface OpenOptions {
  /** Connections to Postgres at most. */
  readonly connections: number;
  /** A connection that nobody used was lost; the next statement gets a new one. */
  readonly onLost?: (why: string) => void;
}

/**
 * Opens a database: SQLite in a thread of its own, Postgres over the network, so that no statement blocks the calling
 * thread. Its tables are the caller's business, see `migrate`. Rejects with words for people.
 */
export async function openSql<Tables>(
  address: StoreAddress,
  options: OpenOptions,
): Promise<SqlDatabase<Tables>> {
  // Each driver is loaded only by those who use it.
  if (address.kind === 'postgres') {
    const { openPostgres } = await import('./postgres.js');
    return openPostgres(address.url, options);
  }
  const { openSqliteThread } = await import('./sqlite-driver.js');
  return openSqliteThread(address.path);
}
