import type { Sqlite } from './open-database.js';

export interface Retention {
  /** Request rows older than this many days are deleted. */
  days: number;
  /** At most this many request rows are kept, the newest. */
  maxRows: number;
}

/** Rows deleted at a time, so that the thread soon comes back to its other work. */
const STEP = 2000;
const DAY_MS = 86_400_000;

/** Deletes old request rows. The hourly sums stay. */
export class RowRetention {
  private readonly count;
  private readonly removeOld;
  private readonly removeFirst;
  private readonly lower;

  constructor(
    private readonly db: Sqlite,
    private readonly limits: Retention,
  ) {
    const first = 'DELETE FROM requests WHERE (time, id) IN (SELECT time, id FROM requests';
    this.count = db.prepare("SELECT value FROM ledger_counts WHERE name = 'requests'").raw();
    this.removeOld = db.prepare(`${first} WHERE time < ? ORDER BY time, id LIMIT ${STEP})`);
    this.removeFirst = db.prepare(`${first} ORDER BY time, id LIMIT ?)`);
    this.lower = db.prepare("UPDATE ledger_counts SET value = value - ? WHERE name = 'requests'");
  }

  /** Deletes some; true when there may be more to delete. Throws when the database refuses. */
  step(now: number): boolean {
    this.db.exec('BEGIN IMMEDIATE');
    try {
      let removed = this.removeOld.run([now - this.limits.days * DAY_MS]).changes;
      const excess = this.rows() - removed - this.limits.maxRows;
      if (removed < STEP && excess > 0)
        removed += this.removeFirst.run([Math.min(excess, STEP - removed)]).changes;
      if (removed > 0) this.lower.run([removed]);
      this.db.exec('COMMIT');
      return removed >= STEP;
    } catch (error) {
      if (this.db.inTransaction) this.db.exec('ROLLBACK');
      throw error;
    }
  }

  private rows(): number {
    const row: unknown = this.count.get();
    return Array.isArray(row) ? Number(row[0]) : 0;
  }
}
