import type { OwnedObject } from '../forward/owner.js';
import type { Sqlite } from './open-database.js';
import { inTransaction } from './transaction.js';

const DAY_MS = 86_400_000;
/** Objects that nobody has seen for so long are forgotten. Providers keep most of theirs for no longer than a month. */
const KEPT_DAYS = 400;
/** More objects than this are not kept: those not seen for longest go first. */
const MAX_OBJECTS = 1_000_000;
/** Rows deleted at a time, so that the thread soon comes back to its other work. */
const STEP_ROWS = 2_000;

/** Answers are many, and no provider keeps them for longer than a month after they were last used. */
const ANSWERS_KEPT_DAYS = 40;

/** `seen` in days: it is written anew once a day, not with every request. */
const layoutOf = (table: string): string => `
CREATE TABLE IF NOT EXISTS ${table} (
  id TEXT PRIMARY KEY,
  provider TEXT NOT NULL,
  key_name TEXT NOT NULL,
  seen INTEGER NOT NULL,      -- days since 1970 in UTC
  holder TEXT                 -- virtual key that made it; null: not known
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS ${table}_by_seen ON ${table} (seen);
`;

/** A table of before virtual keys were kept apart. */
function addHolder(db: Sqlite, table: string): void {
  const columns = db.prepare(`SELECT name FROM pragma_table_info('${table}')`).raw().all() as unknown[][];
  if (!columns.some(([name]) => name === 'holder')) db.exec(`ALTER TABLE ${table} ADD COLUMN holder TEXT`);
}

/** Of answers there is a table of its own: so many, they would push out all else. */
export function answerOwners(db: Sqlite): ObjectOwners {
  return new ObjectOwners(db, Date.now, MAX_OBJECTS, { table: 'answer_owners', days: ANSWERS_KEPT_DAYS });
}

/** Which provider, which of its keys and which virtual key the files, batches and the like belong to that were made through the gateway. */
export class ObjectOwners {
  private readonly get;
  private readonly touch;
  private readonly put;
  private readonly drop;
  private readonly count;

  constructor(
    private readonly db: Sqlite,
    private readonly now: () => number = Date.now,
    private readonly max = MAX_OBJECTS,
    private readonly kind = { table: 'object_owners', days: KEPT_DAYS },
  ) {
    const { table } = kind;
    db.exec(layoutOf(table));
    addHolder(db, table);
    this.get = db.prepare(`SELECT provider, key_name, seen, holder FROM ${table} WHERE id = ?`).raw();
    this.touch = db.prepare(`UPDATE ${table} SET seen = ? WHERE id = ?`);
    this.put = db.prepare(
      `INSERT INTO ${table} VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET ` +
        'provider = excluded.provider, key_name = excluded.key_name, seen = excluded.seen, ' +
        'holder = coalesce(holder, excluded.holder)',
    );
    this.drop = db.prepare(
      `DELETE FROM ${table} WHERE id IN (SELECT id FROM ${table} WHERE seen < ? ORDER BY seen LIMIT ?)`,
    );
    this.count = db.prepare(`SELECT count(*) FROM ${table}`).raw();
  }

  /** Those of these ids that are known. */
  find(ids: readonly string[]): OwnedObject[] {
    const today = this.today();
    const found: OwnedObject[] = [];
    for (const id of ids) {
      const row: unknown = this.get.get([id]);
      if (!Array.isArray(row)) continue;
      if (Number(row[2]) < today) this.touch.run([today, id]);
      const owner = { id, provider: String(row[0]), key: String(row[1]) };
      found.push(row[3] === null ? owner : { ...owner, holder: String(row[3]) });
    }
    return found;
  }

  add(objects: readonly OwnedObject[]): null {
    const today = this.today();
    inTransaction(this.db, () => {
      for (const { id, provider, key, holder } of objects)
        this.put.run([id, provider, key, today, holder ?? null]);
    });
    return null;
  }

  /** Forgets some of what is old or too much; true when there may be more. */
  expire(now: number): boolean {
    const today = Math.floor(now / DAY_MS);
    const old = this.drop.run([today - this.kind.days, STEP_ROWS]).changes;
    if (old === STEP_ROWS) return true;
    const row: unknown = this.count.get();
    const over = (Array.isArray(row) ? Number(row[0]) : 0) - this.max;
    if (over <= 0) return false;
    return this.drop.run([today + 1, Math.min(over, STEP_ROWS)]).changes === STEP_ROWS;
  }

  private today(): number {
    return Math.floor(this.now() / DAY_MS);
  }
}
