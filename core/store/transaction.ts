import type { Sqlite } from './open-database.js';

/** Does the work in one transaction, all or nothing. Throws what the work or the database throws. */
export function inTransaction<T>(db: Sqlite, work: () => T): T {
  db.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    db.exec('COMMIT');
    return result;
  } catch (error) {
    // A full disk may have ended the transaction by itself.
    if (db.inTransaction) db.exec('ROLLBACK');
    throw error;
  }
}
