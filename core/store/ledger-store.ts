import type { SettledRecord } from '@headgate/sdk';
import { HourlyUsage } from './hourly-usage.js';
import type { Sqlite } from './open-database.js';
import { RequestRows } from './request-rows.js';
import type { Position } from './spool.js';

/** What the ledger writes to the database. */
export class LedgerStore {
  private readonly rows: RequestRows;
  private readonly hourly: HourlyUsage;
  private readonly setPosition;
  private readonly getPosition;
  private readonly forgetPosition;
  private readonly addRows;

  constructor(private readonly db: Sqlite) {
    this.rows = new RequestRows(db);
    this.hourly = new HourlyUsage(db);
    this.setPosition = db.prepare(
      'INSERT INTO spool_position VALUES (?, ?) ON CONFLICT DO UPDATE SET done = excluded.done',
    );
    this.getPosition = db.prepare('SELECT done FROM spool_position WHERE segment = ?').raw();
    this.forgetPosition = db.prepare('DELETE FROM spool_position WHERE segment = ?');
    this.addRows = db.prepare("UPDATE ledger_counts SET value = value + ? WHERE name = 'requests'");
  }

  /**
   * Writes records, their hourly sums and the place in the spool that they lead to, all or nothing. Sums grow only by
   * records that were not there before. Throws when the database refuses.
   *
   * @param forget segments that exist no more
   * @returns how many records were new
   */
  commit(records: readonly SettledRecord[], position: Position | null, forget: readonly string[]): number {
    return this.transaction(() => {
      const added = this.rows.insert(records);
      this.hourly.add(added);
      if (added.length > 0) this.addRows.run([added.length]);
      if (position !== null) this.setPosition.run([position.segment, position.offset]);
      for (const segment of forget) this.forgetPosition.run([segment]);
      return added.length;
    });
  }

  /** How many bytes of that spool segment are in the database, null when it never heard of it. */
  doneOf(segment: string): number | null {
    const row: unknown = this.getPosition.get([segment]);
    return Array.isArray(row) ? Number(row[0]) : null;
  }

  private transaction<T>(work: () => T): T {
    this.db.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.db.exec('COMMIT');
      return result;
    } catch (error) {
      // A full disk may have ended the transaction by itself.
      if (this.db.inTransaction) this.db.exec('ROLLBACK');
      throw error;
    }
  }
}
