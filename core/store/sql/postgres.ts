import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import { shownAddress } from './address.js';
import type { SqlDatabase } from './sql-database.js';

/** OID of Postgres' `bigint`. */
const INT8 = 20;
const CONNECT_TIMEOUT_MS = 10_000;
const STATEMENT_TIMEOUT_MS = 30_000;

export interface PostgresOptions {
  /** Connections at most, each opened when it is needed. */
  readonly connections: number;
  /** A connection that nobody used was lost; the next statement gets a new one. */
  readonly onLost?: (why: string) => void;
}

/** How every connection to Postgres is made. `bigint` is a number: what is kept in one stays below 2^53. */
export function connectionSettings(url: string): pg.ClientConfig {
  return {
    connectionString: url,
    application_name: 'headgate',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    keepAlive: true,
    types: {
      getTypeParser: (oid: number, format?: 'text' | 'binary') =>
        oid === INT8 && format !== 'binary' ? Number : pg.types.getTypeParser(oid, format as 'text'),
    } as pg.CustomTypesConfig,
  };
}

/** Opens a Postgres database and makes sure that it answers. Rejects with words for people, without the password. */
export async function openPostgres<Tables>(
  url: string,
  { connections, onLost }: PostgresOptions,
): Promise<SqlDatabase<Tables>> {
  const shown = shownAddress({ kind: 'postgres', url });
  let pool: pg.Pool;
  try {
    pool = new pg.Pool({ ...connectionSettings(url), max: connections, idleTimeoutMillis: 60_000 });
  } catch (error) {
    throw explainPostgres(error, shown);
  }
  // Without a listener, a server that restarts would end this process.
  pool.on('error', (error) => onLost?.(explainPostgres(error, shown).message));
  // The pool listens to those that nobody uses; whoever uses one hears of its end from the statement, and this process must not.
  pool.on('connect', (client) => client.on('error', () => {}));
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  try {
    await pool.query('SELECT 1');
  } catch (error) {
    await db.destroy();
    throw explainPostgres(error, shown);
  }
  return { kind: 'postgres', shown, db, close: () => db.destroy() };
}

const ADVICE: Readonly<Record<string, string>> = {
  '28P01': 'Check user and password in store.url.',
  '28000': 'The server does not let this user in: check store.url and the server’s pg_hba.conf.',
  '3D000': 'Create the database, or name another one in store.url.',
  '42501': 'Give the user the right to create tables in that database.',
  '53300': 'The server has no connection left: raise its max_connections.',
  ECONNREFUSED: 'Check that the server runs and that host and port in store.url are right.',
  ENOTFOUND: 'Check the host in store.url.',
};

/** The error in words that say what to do. */
export function explainPostgres(error: unknown, shown: string): Error {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  // Several addresses that all refused are one error without a message of its own.
  const first = error instanceof AggregateError && error.message === '' ? error.errors[0] : error;
  const message = first instanceof Error ? first.message : String(first);
  const advice = ADVICE[code] ?? 'Check store.url and the server’s log.';
  return new Error(`The database ${shown} cannot be used: ${message}. ${advice}`);
}
