import type { Sqlite } from './open-database.js';
import type { Position } from './spool.js';

/** How long the place in a deleted file is remembered: a power failure may undo the deletion of the last minute. */
const REMEMBER_MS = 600_000;

/** How far the database got with each file of the spool: what lies before is in it, what lies behind is not. */
export class SpoolPositions {
  private readonly write;
  private readonly read;
  private readonly remove;
  /** Deleted files, and when that was. */
  private readonly deleted = new Map<string, number>();

  constructor(db: Sqlite) {
    this.write = db.prepare(
      'INSERT INTO spool_position VALUES (?, ?) ON CONFLICT DO UPDATE SET done = excluded.done',
    );
    this.read = db.prepare('SELECT done FROM spool_position WHERE segment = ?').raw();
    this.remove = db.prepare('DELETE FROM spool_position WHERE segment = ?');
  }

  /** Part of the caller's transaction. */
  set(position: Position): void {
    this.write.run([position.segment, position.offset]);
  }

  /** Bytes of that file that are in the database, null when it never heard of it. */
  of(segment: string): number | null {
    const row: unknown = this.read.get([segment]);
    return Array.isArray(row) ? Number(row[0]) : null;
  }

  /** Takes note of files that were deleted, and forgets those of long ago. */
  forget(deleted: readonly string[], now: number): void {
    for (const segment of deleted) this.deleted.set(segment, now);
    for (const [segment, at] of this.deleted) {
      if (now - at < REMEMBER_MS) return;
      this.remove.run([segment]);
      this.deleted.delete(segment);
    }
  }
}
