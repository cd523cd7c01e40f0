import type { OwnedObject, Owner } from '../forward/owner.js';
import { type LedgerSql, one } from './ledger-sql.js';

const DAY_MS = 86_400_000;
/** Objects that nobody has seen for so long are forgotten. Providers keep most of theirs for no longer than a month. */
const KEPT_DAYS = 400;
/** More objects than this are not kept: those not seen for longest go first. */
const MAX_OBJECTS = 1_000_000;
/** Rows deleted at a time, so that the thread soon comes back to its other work. */
const STEP_ROWS = 2_000;

/** Which provider, and which of its keys, the files, batches and the like belong to that were made through the gateway. */
export class ObjectOwners {
  constructor(
    private readonly db: LedgerSql,
    private readonly now: () => number = Date.now,
    private readonly max = MAX_OBJECTS,
  ) {}

  /** The owner of the first of these ids that is known. */
  async find(ids: readonly string[]): Promise<Owner | null> {
    const today = this.today();
    for (const id of ids) {
      const rows = await this.db.all('SELECT provider, key_name, seen FROM object_owners WHERE id = ?', [id]);
      const [row] = rows;
      if (row === undefined) continue;
      if (Number(row[2]) < today)
        await this.db.run('UPDATE object_owners SET seen = ? WHERE id = ?', [today, id]);
      return { provider: String(row[0]), key: String(row[1]) };
    }
    return null;
  }

  async add(objects: readonly OwnedObject[]): Promise<null> {
    const today = this.today();
    // One statement must not name a row twice; the last word counts.
    const last = new Map(objects.map(({ id, provider, key }) => [id, [id, provider, key, today]]));
    await this.db.each(
      `INSERT INTO object_owners (id, provider, key_name, seen) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET
       provider = excluded.provider, key_name = excluded.key_name, seen = excluded.seen`,
      [...last.values()],
    );
    return null;
  }

  /** Forgets some of what is old or too much; true when there may be more. */
  async expire(now: number): Promise<boolean> {
    const today = Math.floor(now / DAY_MS);
    const old = await this.drop(today - KEPT_DAYS, STEP_ROWS);
    if (old === STEP_ROWS) return true;
    const over = (await one(this.db, 'SELECT count(*) FROM object_owners')) - this.max;
    if (over <= 0) return false;
    return (await this.drop(today + 1, Math.min(over, STEP_ROWS))) === STEP_ROWS;
  }

  private drop(before: number, rows: number): Promise<number> {
    return this.db.run(
      'DELETE FROM object_owners WHERE id IN (SELECT id FROM object_owners WHERE seen < ? ORDER BY seen LIMIT ?)',
      [before, rows],
    );
  }

  private today(): number {
    return Math.floor(this.now() / DAY_MS);
  }
}
