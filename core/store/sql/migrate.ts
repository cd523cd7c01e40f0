import { type Kysely, sql } from 'kysely';
import { NewerSchema } from './newer-schema.js';
import type { SqlDatabase } from './sql-database.js';

/** One step from a version of the tables to the next. */
export interface Migration {
  /** What it does, for the log and errors. */
  readonly name: string;
  /** Runs in a transaction that also notes the new version: all of it is done or nothing. */
  readonly up: (db: Kysely<unknown>, kind: SqlDatabase<unknown>['kind']) => Promise<void>;
}

/** Any number that no other program takes for the same purpose in the same database. */
const LOCK = 0x68_65_61_64;

interface SchemaTable {
  readonly headgate_schema: { readonly part: string; readonly version: number };
}

/**
 * Brings the tables of one part to this version, a step at a time. Each step is one transaction under a lock of the
 * database, so that of several processes that start at once each step is run by one, the others then find it done; a
 * process that dies in a step leaves the step before. Rejects with {@link NewerSchema} when the database is of a later
 * version, or with the step that failed.
 *
 * @param part whose tables; each part of the database has a version of its own
 * @param steps in order; step 1 is the first. Steps that were released are never changed.
 * @returns names of the steps that this call has run
 */
export async function migrate<Tables>(
  database: SqlDatabase<Tables>,
  part: string,
  steps: readonly Migration[],
): Promise<readonly string[]> {
  const own = database as unknown as SqlDatabase<SchemaTable>;
  await inLock(own, makeVersions);
  const done: string[] = [];
  for (;;) {
    const name = await inLock(own, (db) => next(own, db, part, steps));
    if (name === null) return done;
    done.push(name);
  }
}

/** Runs the step that the database lacks next; null when it lacks none. */
async function next(
  { kind, shown }: SqlDatabase<SchemaTable>,
  db: Kysely<SchemaTable>,
  part: string,
  steps: readonly Migration[],
): Promise<string | null> {
  const version = await versionOf(db, part);
  if (version > steps.length) throw new NewerSchema(shown, part, version, steps.length);
  const step = steps[version];
  if (step === undefined) return null;
  await run(step, db, kind);
  await setVersion(db, part, version + 1);
  return step.name;
}

async function run(
  step: Migration,
  db: Kysely<SchemaTable>,
  kind: SqlDatabase<unknown>['kind'],
): Promise<void> {
  try {
    await step.up(db as unknown as Kysely<unknown>, kind);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(
      `The database could not be changed (${step.name}): ${why}. Nothing of that step was kept.`,
    );
  }
}

/** A transaction that no other process is in. On SQLite every transaction is one. */
function inLock<T>(
  { db, kind }: SqlDatabase<SchemaTable>,
  work: (db: Kysely<SchemaTable>) => Promise<T>,
): Promise<T> {
  return db.transaction().execute(async (held) => {
    if (kind === 'postgres') {
      // The others may have to wait for longer than statements usually may take.
      await sql`SET LOCAL statement_timeout = 0`.execute(held);
      await sql`SELECT pg_advisory_xact_lock(${sql.lit(LOCK)})`.execute(held);
    }
    return work(held);
  });
}

async function makeVersions(db: Kysely<SchemaTable>): Promise<void> {
  await db.schema
    .createTable('headgate_schema')
    .ifNotExists()
    .addColumn('part', 'text', (column) => column.primaryKey())
    .addColumn('version', 'integer', (column) => column.notNull())
    .execute();
}

async function versionOf(db: Kysely<SchemaTable>, part: string): Promise<number> {
  const row = await db
    .selectFrom('headgate_schema')
    .select('version')
    .where('part', '=', part)
    .executeTakeFirst();
  return row === undefined ? 0 : Number(row.version);
}

async function setVersion(db: Kysely<SchemaTable>, part: string, version: number): Promise<void> {
  await db
    .insertInto('headgate_schema')
    .values({ part, version })
    .onConflict((row) => row.column('part').doUpdateSet({ version }))
    .execute();
}
