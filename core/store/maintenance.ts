import type { LedgerSql, Statements } from './ledger-sql.js';

/** Any number that no other program takes for the same purpose in the same database. */
const LOCK = 0x68_65_61_65;

/**
 * A transaction in which no other node tidies up in the same database; resolves to `otherwise` when one does at the moment. An
 * SQLite database has one node.
 */
export function alone<T>(db: LedgerSql, otherwise: T, work: (sql: Statements) => Promise<T>): Promise<T> {
  return db.transaction(async (sql) => {
    if (sql.kind === 'postgres') {
      const rows = await sql.all(`SELECT pg_try_advisory_xact_lock(${LOCK})`);
      if (rows[0]?.[0] !== true) return otherwise;
    }
    return work(sql);
  });
}
