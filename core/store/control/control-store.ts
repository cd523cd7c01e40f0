import { sql } from 'kysely';
import type { StoredHash } from '../../identity/stored-keys.js';
import { migrate } from '../sql/migrate.js';
import type { SqlDatabase } from '../sql/sql-database.js';
import { isDuplicate } from '../sql/sql-error.js';
import { CredentialRows } from './credential-rows.js';
import { EntityRows, type StoredEntity } from './entity-rows.js';
import { CONTROL_STEPS } from './migrations.js';
import { PeopleRows } from './people-rows.js';
import { StoreError } from './store-error.js';
import type { AuditTable, ControlDb, ControlTables } from './tables.js';

/** Channel on which nodes on one Postgres tell each other of changes. */
export const CHANNEL = 'headgate_control';

const KEYS_EXIST = 'keys_exist';
/** Lines of the audit in one statement. */
const AT_ONCE = 500;

/** Who changes something, for the audit. */
export interface Author {
  /** `admin`, `cli`, `schedule`, or `user:ID`, `token:ID`, `key:ID`. */
  readonly actor: string;
  /** Address; '' when from no network. */
  readonly source: string;
  /** Looks at each change within its transaction; what it throws undoes all of it. Left out: whoever it is may do anything. */
  readonly guard?: (change: Change, writing: Writing) => Promise<void>;
}

/** One change, to be noted beside what it does. */
export interface Change {
  readonly action: string;
  readonly kind: string;
  readonly id: string;
  readonly before: StoredEntity | null;
  readonly after: StoredEntity | null;
  /** Told in place of `after` where what was done is about no entity. */
  readonly note?: Readonly<Record<string, string>>;
}

/** What lines of the audit may be asked for by. */
export const AUDIT_FILTERS = ['actor', 'action', 'kind', 'id'] as const;

export interface AuditQuery extends Readonly<Record<(typeof AUDIT_FILTERS)[number], string | null>> {
  /** Lines before that number. */
  readonly before: number | null;
  /** Unix milliseconds; `to` is exclusive. */
  readonly from: number | null;
  readonly to: number | null;
  readonly limit: number;
}

/** What a change may do: all of it and its line in the audit are in one transaction. */
export interface Writing {
  readonly entities: EntityRows;
  readonly people: PeopleRows;
  readonly credentials: CredentialRows;
  readonly now: number;
  /** Those of these ids that the audit has a line of already, of that kind and action. */
  audited(kind: string, action: string, ids: readonly string[]): Promise<ReadonlySet<string>>;
  hashesOf(keyId: string): Promise<StoredHash[]>;
  /** Throws when another key has one of them. */
  setHashes(keyId: string, hashes: readonly StoredHash[]): Promise<void>;
}

/** The database of what is made at run time. Many nodes may share one: each change has a number, in the order of commits. */
export class ControlStore {
  readonly entities: EntityRows;
  readonly people: PeopleRows;
  readonly credentials: CredentialRows;

  constructor(
    readonly database: SqlDatabase<ControlTables>,
    private readonly now: () => number = Date.now,
  ) {
    this.entities = new EntityRows(database.db);
    this.people = new PeopleRows(database.db);
    this.credentials = new CredentialRows(database.db);
  }

  migrate(): Promise<readonly string[]> {
    return migrate(this.database, 'control', CONTROL_STEPS);
  }

  /** The number of the latest change. */
  async revision(): Promise<number> {
    const row = await this.database.db
      .selectFrom('control_revision')
      .select('value')
      .where('id', '=', 1)
      .executeTakeFirstOrThrow();
    return Number(row.value);
  }

  /** What was changed after that number, each thing once; in the order of the changes. */
  async changedSince(revision: number): Promise<{ revision: number; kind: string; id: string }[]> {
    return this.database.db
      .selectFrom('control_audit')
      .select(['revision', 'kind', 'id'])
      .where('revision', '>', revision)
      .orderBy('revision')
      .execute();
  }

  /** Runs one change, all or nothing. Rejects with a StoreError when it cannot be done. */
  async change(author: Author, work: (writing: Writing) => Promise<Change>): Promise<Change> {
    const [done] = await this.changes(author, async (writing) => [await work(writing)]);
    return done as Change;
  }

  /** Runs several changes as one, all or nothing, each with a number and a line in the audit; none is right too. */
  async changes(author: Author, work: (writing: Writing) => Promise<Change[]>): Promise<Change[]> {
    return this.database.db.transaction().execute(async (db) => {
      // First of all: until the end of this transaction nobody else changes anything, so numbers are in the order of commits.
      const first = await numbered(db, 1);
      const now = this.now();
      const writing: Writing = {
        entities: new EntityRows(db),
        people: new PeopleRows(db),
        credentials: new CredentialRows(db),
        now,
        audited: (kind, action, ids) => audited(db, kind, action, ids),
        hashesOf: (keyId) => hashesOf(db, keyId),
        setHashes: (keyId, hashes) => setHashes(db, keyId, hashes),
      };
      const done = await work(writing);
      for (const one of done) await author.guard?.(one, writing);
      if (done.length > 1) await numbered(db, done.length - 1);
      const lines = done.map(({ action, kind, id, before, after, note }, index) => ({
        revision: first + index,
        at_ms: now,
        actor: author.actor,
        source: author.source,
        action,
        kind,
        id,
        before: told(before),
        after: note === undefined ? told(after) : JSON.stringify(note),
      }));
      for (let from = 0; from < lines.length; from += AT_ONCE)
        await db
          .insertInto('control_audit')
          .values(lines.slice(from, from + AT_ONCE))
          .execute();
      if (done.some(({ kind, after }) => kind === 'key' && after !== null))
        await noteOnce(db, KEYS_EXIST, 'true');
      if (this.database.kind === 'postgres') await sql`SELECT pg_notify(${CHANNEL}, '')`.execute(db);
      return done;
    });
  }

  hashesOf(keyId: string): Promise<StoredHash[]> {
    return hashesOf(this.database.db, keyId);
  }

  /** Keys with their hashes, in pages ordered by id. */
  async keyPage(after: string, limit: number): Promise<{ key: StoredEntity; hashes: StoredHash[] }[]> {
    const keys = await this.entities.list('key', { after, limit });
    const last = keys.at(-1);
    if (last === undefined) return [];
    const rows = await this.database.db
      .selectFrom('control_key_hashes')
      .selectAll()
      .where('key_id', '>', after)
      .where('key_id', '<=', last.id)
      .execute();
    const hashes = new Map<string, StoredHash[]>();
    for (const row of rows) {
      const one = { hash: row.hash, untilMs: row.until_ms };
      const known = hashes.get(row.key_id);
      if (known === undefined) hashes.set(row.key_id, [one]);
      else known.push(one);
    }
    return keys.map((key) => ({ key, hashes: hashes.get(key.id) ?? [] }));
  }

  /** Id of the key with that hash. */
  async keyOfHash(hash: string): Promise<string | null> {
    const row = await this.database.db
      .selectFrom('control_key_hashes')
      .select('key_id')
      .where('hash', '=', hash)
      .executeTakeFirst();
    return row?.key_id ?? null;
  }

  /** Lines of the audit, the latest first. */
  audit({ before, from, to, limit, ...equal }: AuditQuery): Promise<AuditTable[]> {
    let query = this.database.db.selectFrom('control_audit').selectAll();
    if (before !== null) query = query.where('revision', '<', before);
    if (from !== null) query = query.where('at_ms', '>=', from);
    if (to !== null) query = query.where('at_ms', '<', to);
    for (const name of AUDIT_FILTERS) {
      const value = equal[name];
      if (value !== null) query = query.where(name, '=', value);
    }
    return query.orderBy('revision', 'desc').limit(limit).execute();
  }

  /** Whether a key was ever made: from then on the data plane needs one, unless the configuration says otherwise. */
  async keysExist(): Promise<boolean> {
    const row = await this.database.db
      .selectFrom('control_state')
      .select('value')
      .where('name', '=', KEYS_EXIST)
      .executeTakeFirst();
    return row !== undefined;
  }

  /**
   * Notes what the keys are hashed under, as a hash, the first time; later, whether it is the same: keys that one node has
   * made would be unknown to a node with another secret.
   */
  async sameSecret(secretHash: string): Promise<boolean> {
    const { db } = this.database;
    await noteOnce(db, 'secret_hash', secretHash);
    const row = await db
      .selectFrom('control_state')
      .select('value')
      .where('name', '=', 'secret_hash')
      .executeTakeFirst();
    return row?.value === secretHash;
  }

  close(): Promise<void> {
    return this.database.close();
  }
}

/** Takes numbers for changes. Resolves to the last of them. */
async function numbered(db: ControlDb, count: number): Promise<number> {
  const { value } = await db
    .updateTable('control_revision')
    .set({ value: sql`value + ${sql.lit(count)}` })
    .where('id', '=', 1)
    .returning('value')
    .executeTakeFirstOrThrow();
  return Number(value);
}

/** A note that is set once; the one that is there stays. */
async function noteOnce(db: ControlDb, name: string, value: string): Promise<void> {
  await db
    .insertInto('control_state')
    .values({ name, value })
    .onConflict((row) => row.column('name').doNothing())
    .execute();
}

async function hashesOf(db: ControlDb, keyId: string): Promise<StoredHash[]> {
  const rows = await db.selectFrom('control_key_hashes').selectAll().where('key_id', '=', keyId).execute();
  return rows.map((row) => ({ hash: row.hash, untilMs: row.until_ms }));
}

async function setHashes(db: ControlDb, keyId: string, hashes: readonly StoredHash[]): Promise<void> {
  await db.deleteFrom('control_key_hashes').where('key_id', '=', keyId).execute();
  if (hashes.length === 0) return;
  try {
    await db
      .insertInto('control_key_hashes')
      .values(hashes.map(({ hash, untilMs }) => ({ key_id: keyId, hash, until_ms: untilMs })))
      .execute();
  } catch (error) {
    if (isDuplicate(error)) throw new StoreError('entity_exists', 'another key has the same secret');
    throw error;
  }
}

/** For the audit. Specs hold no secrets in the clear; what is sealed is nobody's business there. */
function told(entity: StoredEntity | null): string | null {
  if (entity === null) return null;
  const { name, parent, userId, version, spec, state } = entity;
  const { sealed: _, ...shown } = state;
  return JSON.stringify({ name, parent, user: userId, version, spec, state: shown });
}

async function audited(
  db: ControlDb,
  kind: string,
  action: string,
  ids: readonly string[],
): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for (let from = 0; from < ids.length; from += AT_ONCE) {
    const rows = await db
      .selectFrom('control_audit')
      .select('id')
      .where('kind', '=', kind)
      .where('action', '=', action)
      .where('id', 'in', ids.slice(from, from + AT_ONCE))
      .execute();
    for (const { id } of rows) found.add(id);
  }
  return found;
}
