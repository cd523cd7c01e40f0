import type { OwnedObject } from '../forward/owner.js';
import { type LedgerSql, one } from './ledger-sql.js';
import { storable } from './usage-group.js';

const DAY_MS = 86_400_000;
/** Objects that nobody has seen for so long are forgotten. Providers keep most of theirs for no longer than a month. */
const KEPT_DAYS = 400;
/** Answers are many, and no provider keeps them for longer than a month after they were last used. */
const ANSWERS_KEPT_DAYS = 40;
/** Objects at most; those that nobody has seen for longest go first. About 100 bytes each. */
const MAX_OBJECTS = 1_000_000;
/** Rows deleted at a time, so that the thread soon comes back to its other work. */
const STEP_ROWS = 2_000;

interface Kind {
  readonly table: 'object_owners' | 'answer_owners';
  readonly days: number;
}

/** Of answers there is a table of its own: so many, they would push out all else. */
export function answerOwners(db: LedgerSql): ObjectOwners {
  return new ObjectOwners(db, Date.now, MAX_OBJECTS, { table: 'answer_owners', days: ANSWERS_KEPT_DAYS });
}

/** Which provider, which of its keys and which virtual key the files, batches and the like belong to that were made through the gateway. */
export class ObjectOwners {
  constructor(
    private readonly db: LedgerSql,
    private readonly now: () => number = Date.now,
    private readonly max = MAX_OBJECTS,
    private readonly kind: Kind = { table: 'object_owners', days: KEPT_DAYS },
  ) {}

  /** Those of these ids that are known. */
  async find(ids: readonly string[]): Promise<OwnedObject[]> {
    const { table } = this.kind;
    const today = this.today();
    const found: OwnedObject[] = [];
    for (const asked of ids) {
      const id = storable(asked);
      const rows = await this.db.all(`SELECT provider, key_name, seen, holder FROM ${table} WHERE id = ?`, [
        id,
      ]);
      const [row] = rows;
      if (row === undefined) continue;
      if (Number(row[2]) < today) await this.db.run(`UPDATE ${table} SET seen = ? WHERE id = ?`, [today, id]);
      const owner = { id: asked, provider: String(row[0]), key: String(row[1]) };
      found.push(row[3] === null ? owner : { ...owner, holder: String(row[3]) });
    }
    return found;
  }

  async add(objects: readonly OwnedObject[]): Promise<null> {
    const { table } = this.kind;
    const today = this.today();
    // One statement must not name a row twice; the last word counts, but the first holder stays.
    const last = new Map<string, (string | number | null)[]>();
    for (const { id, provider, key, holder } of objects) {
      const stored = storable(id);
      last.set(stored, [stored, provider, key, today, last.get(stored)?.[4] ?? holder ?? null]);
    }
    await this.db.each(
      `INSERT INTO ${table} (id, provider, key_name, seen, holder) VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET
       provider = excluded.provider, key_name = excluded.key_name, seen = excluded.seen,
       holder = coalesce(${table}.holder, excluded.holder)`,
      [...last.values()],
    );
    return null;
  }

  /** Forgets some of what is old or too much; true when there may be more. */
  async expire(now: number): Promise<boolean> {
    const { table, days } = this.kind;
    const today = Math.floor(now / DAY_MS);
    const old = await this.drop(today - days, STEP_ROWS);
    if (old === STEP_ROWS) return true;
    const over = (await one(this.db, `SELECT count(*) FROM ${table}`)) - this.max;
    if (over <= 0) return false;
    return (await this.drop(today + 1, Math.min(over, STEP_ROWS))) === STEP_ROWS;
  }

  private drop(before: number, rows: number): Promise<number> {
    const { table } = this.kind;
    return this.db.run(
      `DELETE FROM ${table} WHERE id IN (SELECT id FROM ${table} WHERE seen < ? ORDER BY seen LIMIT ?)`,
      [before, rows],
    );
  }

  private today(): number {
    return Math.floor(this.now() / DAY_MS);
  }
}
