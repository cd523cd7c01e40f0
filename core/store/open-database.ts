import { accessSync, constants, existsSync, mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import Database from 'libsql';
import { LEDGER_STEPS, LEDGER_VERSION } from './schema.js';

export type Sqlite = Database.Database;

const MEMORY = ':memory:';
/** Pages of 4 KB: fewer, larger checkpoints write the same page to the database fewer times. */
const CHECKPOINT_PAGES = 4000;

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

export function isMemory(path: string): boolean {
  return path === MEMORY;
}

/** Opens the database and brings it to this version's layout. Throws an error that says what is wrong, and where. */
export function openDatabase(path: string): Sqlite {
  let db: Sqlite | undefined;
  try {
    if (!isMemory(path)) {
      mkdirSync(dirname(path), { recursive: true });
      if (existsSync(path)) accessSync(path, constants.R_OK | constants.W_OK);
    }
    db = new Database(path);
    // The thread must go on receiving while somebody else holds the database: wait a little, then try again later.
    db.exec('PRAGMA busy_timeout = 200');
    db.exec('PRAGMA journal_mode = WAL');
    db.exec('PRAGMA synchronous = NORMAL');
    db.exec(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    db.exec('PRAGMA journal_size_limit = 67108864');
    migrate(db, path);
    return db;
  } catch (error) {
    db?.close();
    throw explained(error, path);
  }
}

class NewerSchema extends Error {}

function migrate(db: Sqlite, path: string): void {
  db.exec(
    'CREATE TABLE IF NOT EXISTS headgate_schema (part TEXT PRIMARY KEY, version INTEGER NOT NULL) WITHOUT ROWID',
  );
  db.exec('BEGIN IMMEDIATE');
  try {
    const row = db.prepare("SELECT version FROM headgate_schema WHERE part = 'ledger'").raw().get();
    const version = Array.isArray(row) ? Number(row[0]) : 0;
    if (version > LEDGER_VERSION) {
      throw new NewerSchema(
        `The database ${path} was written by a newer Headgate (ledger layout ${version}; this version knows up to ` +
          `${LEDGER_VERSION}). Run that version, or point store.url at another file.`,
      );
    }
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

function explained(error: unknown, path: string): Error {
  if (error instanceof NewerSchema) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const message = error instanceof Error ? error.message : String(error);
  if (code === 'SQLITE_NOTADB' || code.startsWith('SQLITE_CORRUPT')) {
    return new Error(
      `The database ${path} is damaged or not an SQLite database (${message}). Restore it from a backup, or move it ` +
        'away to start with an empty one.',
    );
  }
  if (code.startsWith('SQLITE_BUSY')) {
    return new Error(`The database ${path} is locked by another process (${message}).`);
  }
  return new Error(
    `The database ${path} cannot be opened: ${message}. Check that its folder exists and can be written to.`,
  );
}
