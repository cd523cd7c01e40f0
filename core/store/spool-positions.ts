import type { Statements } from './ledger-sql.js';
import type { Position } from './spool.js';

/** How long the place in a deleted file is remembered: a power failure may undo the deletion of the last minute. */
const REMEMBER_MS = 600_000;

/** Bytes of that file that are in the database, null when it never heard of it. */
export async function positionOf(sql: Statements, segment: string): Promise<number | null> {
  const rows = await sql.all('SELECT done FROM spool_position WHERE segment = ?', [segment]);
  return rows[0] === undefined ? null : Number(rows[0][0]);
}

/** Part of a transaction that writes everything before these places. */
export function setPositions(sql: Statements, positions: readonly Position[]): Promise<void> {
  return sql.each(
    'INSERT INTO spool_position VALUES (?, ?) ON CONFLICT (segment) DO UPDATE SET done = excluded.done',
    positions.map(({ segment, offset }) => [segment, offset]),
  );
}

/** Forgets places in files that were deleted a while ago. */
export class DeletedSegments {
  /** Deleted files, and when that was. */
  private readonly deleted = new Map<string, number>();

  constructor(private readonly sql: Statements) {}

  async forget(deleted: readonly string[], now: number): Promise<void> {
    for (const segment of deleted) this.deleted.set(segment, now);
    for (const [segment, at] of this.deleted) {
      if (now - at < REMEMBER_MS) return;
      await this.sql.run('DELETE FROM spool_position WHERE segment = ?', [segment]);
      this.deleted.delete(segment);
    }
  }
}
