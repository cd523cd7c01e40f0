import { isMemory, type StoreAddress } from './sql/address.js';

/** What a statement may be given. Bigints are for numbers that a double cannot hold. */
export type SqlValue = string | number | bigint | null | Uint8Array;

/** A row as an array. Whole numbers come as numbers, as bigints only where a double cannot hold them. */
export type SqlRow = readonly unknown[];

/** Statements of one connection, written once for both databases: `?` stands for each value, and no text holds a `?`. */
export interface Statements {
  readonly kind: 'sqlite' | 'postgres';
  all(sql: string, values?: readonly SqlValue[]): Promise<SqlRow[]>;
  /** Resolves to the number of rows that were changed. */
  run(sql: string, values?: readonly SqlValue[]): Promise<number>;
  /** One statement with one list `VALUES (?, …)` for many rows, in as few round trips as the database allows. */
  each(sql: string, rows: readonly (readonly SqlValue[])[]): Promise<void>;
}

/**
 * The ledger's connection to its database. What a transaction does and what is asked beside it never mix. Rejects when the
 * database refuses; nothing of a transaction is kept then.
 */
export interface LedgerSql extends Statements {
  transaction<T>(work: (sql: Statements) => Promise<T>): Promise<T>;
  /** The same for reading: all statements see one state of the database. */
  snapshot<T>(work: (sql: Statements) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export interface LedgerSqlOptions {
  /** What was committed survives a power failure. */
  readonly fsync?: boolean;
}

/** Opens the database and brings the ledger's tables to this version. Rejects with an error that says what is wrong, and where. */
export async function openLedgerSql(
  address: StoreAddress,
  options: LedgerSqlOptions = {},
): Promise<LedgerSql> {
  // Each driver is loaded only by those who use it.
  if (address.kind === 'postgres') {
    const { openLedgerPostgres } = await import('./ledger-postgres.js');
    return openLedgerPostgres(address.url);
  }
  const { openLedgerSqlite } = await import('./ledger-sqlite.js');
  return openLedgerSqlite(address.path, options.fsync === true && !isMemory(address.path));
}

/** The first value of the first row as a number; 0 when there is none. */
export async function one(sql: Statements, text: string, values: readonly SqlValue[] = []): Promise<number> {
  return Number((await sql.all(text, values))[0]?.[0] ?? 0);
}
