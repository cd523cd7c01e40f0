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

/** `seen` in days: it is written anew once a day, not with every request. */
const TABLE = `
CREATE TABLE IF NOT EXISTS object_owners (
  id TEXT PRIMARY KEY,
  provider TEXT NOT NULL,
  key_name TEXT NOT NULL,
  seen INTEGER NOT NULL,      -- days since 1970 in UTC
  holder TEXT                 -- virtual key that made it; null: not known
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS object_owners_by_seen ON object_owners (seen);
`;

/** A table of before virtual keys were kept apart. */
function addHolder(db: Sqlite): void {
  const columns = db
    .prepare("SELECT name FROM pragma_table_info('object_owners')")
    .raw()
    .all() as unknown[][];
  if (!columns.some(([name]) => name === 'holder'))
    db.exec('ALTER TABLE object_owners ADD COLUMN holder TEXT');
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
  ) {
    db.exec(TABLE);
    addHolder(db);
    this.get = db.prepare('SELECT provider, key_name, seen, holder FROM object_owners WHERE id = ?').raw();
    this.touch = db.prepare('UPDATE object_owners SET seen = ? WHERE id = ?');
    this.put = db.prepare(
      'INSERT INTO object_owners VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET ' +
        'provider = excluded.provider, key_name = excluded.key_name, seen = excluded.seen, ' +
        'holder = coalesce(holder, excluded.holder)',
    );
    this.drop = db.prepare(
      'DELETE FROM object_owners WHERE id IN (SELECT id FROM object_owners WHERE seen < ? ORDER BY seen LIMIT ?)',
    );
    this.count = db.prepare('SELECT count(*) FROM object_owners').raw();
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
    const old = this.drop.run([today - KEPT_DAYS, STEP_ROWS]).changes;
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
