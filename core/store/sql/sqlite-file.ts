import { accessSync, constants, existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'libsql';
import { isMemory } from './address.js';
import { NewerSchema } from './newer-schema.js';

export type Sqlite = Database.Database;

/** Pages of 4 KB: fewer, larger checkpoints write the same page to the database fewer times. */
const CHECKPOINT_PAGES = 4000;

/**
 * Opens the file in this thread, which every statement then blocks, and prepares it. Throws an error that says what is
 * wrong, and where; so does what `prepare` throws.
 *
 * @param busyMs how long a statement may wait for another connection's transaction
 */
export function openSqlite(path: string, busyMs: number, prepare: (db: Sqlite) => void = () => {}): Sqlite {
  let db: Sqlite | undefined;
  try {
    if (!isMemory(path)) {
      mkdirSync(dirname(path), { recursive: true });
      if (existsSync(path)) accessSync(path, constants.R_OK | constants.W_OK);
    }
    db = new Database(path);
    db.exec(`PRAGMA busy_timeout = ${busyMs}`);
    db.exec('PRAGMA journal_mode = WAL');
    db.exec('PRAGMA synchronous = NORMAL');
    db.exec(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    db.exec('PRAGMA journal_size_limit = 67108864');
    prepare(db);
    return db;
  } catch (error) {
    db?.close();
    throw explainSqlite(error, path);
  }
}

/** The error in words that say what to do. */
export function explainSqlite(error: unknown, path: string): Error {
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
