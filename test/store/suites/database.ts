import type { LedgerSql } from '../../../core/store/ledger-sql.js';

/** A kind of database that a suite runs on. */
export interface Database {
  /** An empty one; close it when it is no longer needed. */
  open(): Promise<LedgerSql>;
  /** Runs of a property: fewer where a database is slow to make. */
  readonly runs: number;
}
