import { join, resolve } from 'node:path';
import { LEDGER_STEPS, LEDGER_VERSION } from './schema.js';
import { MEMORY } from './sql/address.js';
import { NewerSchema } from './sql/newer-schema.js';
import { openSqlite, type Sqlite } from './sql/sqlite-file.js';

export type { Sqlite };

/** The thread must go on receiving while somebody else holds the database: wait a little, then try again later. */
const BUSY_MS = 200;

/**
 * Where the database of a store URL is: a path, or `:memory:`.
 *
 * @param url `sqlite:PATH`, `sqlite::memory:`, `memory:`, or undefined for the default in the data folder
 */
export function databasePath(url: string | undefined, dataDir: string): string {
  if (url === undefined || url === '') return join(dataDir, 'headgate.db');
  if (url === 'memory:' || url === `sqlite:${MEMORY}`) return MEMORY;
  if (url.startsWith('sqlite:') && url.length > 'sqlite:'.length) return resolve(url.slice('sqlite:'.length));
  throw new Error(
    `store.url "${url.replace(/\/\/.*@/, '//…@')}" is not supported; use sqlite:PATH or sqlite::memory:`,
  );
}

/** Opens the database and brings it to this version's layout. Throws an error that says what is wrong, and where. */
export function openDatabase(path: string): Sqlite {
  return openSqlite(path, BUSY_MS, (db) => migrate(db, path));
}

function migrate(db: Sqlite, path: string): void {
  db.exec(
    'CREATE TABLE IF NOT EXISTS headgate_schema (part TEXT PRIMARY KEY, version INTEGER NOT NULL) WITHOUT ROWID',
  );
  db.exec('BEGIN IMMEDIATE');
  try {
    const row = db.prepare("SELECT version FROM headgate_schema WHERE part = 'ledger'").raw().get();
    const version = Array.isArray(row) ? Number(row[0]) : 0;
    if (version > LEDGER_VERSION) throw new NewerSchema(path, 'ledger', version, LEDGER_VERSION);
    const step = LEDGER_STEPS[version];
    if (step !== undefined) {
      db.exec(step);
      db.exec(`INSERT OR REPLACE INTO headgate_schema VALUES ('ledger', ${LEDGER_VERSION})`);
    }
    db.exec('COMMIT');
  } catch (error) {
    db.exec('ROLLBACK');
    throw error;
  }
}
