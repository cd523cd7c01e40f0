import type { LedgerSql } from './ledger-sql.js';
import { alone } from './maintenance.js';
import { type Retention, raise } from './retention.js';
import { markDay } from './usage-blocks.js';
import { DAY_MS, QUARTERS_A_DAY } from './usage-totals.js';

/** Groups are looked through so often, when sums were deleted. */
const GROUPS_EVERY_MS = 86_400_000;
/** Sums are deleted by the day: a step is one day's. */
const GROUPS_A_STEP = 2000;

/** Deletes old sums, a day at a time, and the names of groups of which no sums are left. */
export class UsageRetention {
  private nextGroups = 0;
  private lastGroup = -1n;

  /** @param onGroups groups were deleted: whoever remembers that one is there must look again */
  constructor(
    private readonly db: LedgerSql,
    private readonly limits: Pick<Retention, 'quarterDays' | 'sumDays'>,
    private readonly onGroups: () => void,
  ) {}

  /** Deletes some; true when there may be more to delete. Rejects when the database refuses. */
  async step(now: number): Promise<boolean> {
    const today = Math.floor(now / DAY_MS);
    if (await this.quarters(today - this.limits.quarterDays)) return true;
    if (this.limits.sumDays !== null && (await this.days(today - this.limits.sumDays))) return true;
    return this.groups(now);
  }

  private quarters(before: number): Promise<boolean> {
    return alone(this.db, false, async (sql) => {
      const [first] = await sql.all('SELECT min(slot) FROM usage_quarters');
      if (first === undefined || first[0] === null) return false;
      const day = Math.floor(Number(first[0]) / QUARTERS_A_DAY);
      if (day >= before) return false;
      await sql.run('DELETE FROM usage_quarters WHERE slot < ?', [(day + 1) * QUARTERS_A_DAY]);
      await raise(sql, 'quarters_since_day', day + 1);
      await markDay(sql, day);
      return true;
    });
  }

  private days(before: number): Promise<boolean> {
    return alone(this.db, false, async (sql) => {
      const [first] = await sql.all('SELECT min(day) FROM usage_days');
      if (first === undefined || first[0] === null || Number(first[0]) >= before) return false;
      await sql.run('DELETE FROM usage_days WHERE day = ?', [Number(first[0])]);
      await markDay(sql, Number(first[0]));
      return true;
    });
  }

  private async groups(now: number): Promise<boolean> {
    if (now < this.nextGroups || this.limits.sumDays === null) return false;
    const last = await alone(this.db, null, async (sql) => {
      const rows = await sql.all('SELECT id FROM usage_groups WHERE id > ? ORDER BY id LIMIT ?', [
        this.lastGroup,
        GROUPS_A_STEP,
      ]);
      const ids = rows.map(([id]) => BigInt(id as number | bigint));
      if (ids.length === 0) return null;
      await sql.run(
        `DELETE FROM usage_groups WHERE id IN (${ids.map(() => '?').join(', ')})
         AND NOT EXISTS (SELECT 1 FROM usage_days WHERE group_id = usage_groups.id)`,
        ids,
      );
      return ids.at(-1) ?? null;
    });
    if (last === null) {
      this.nextGroups = now + GROUPS_EVERY_MS;
      this.lastGroup = -1n;
      return false;
    }
    this.lastGroup = last;
    this.onGroups();
    return true;
  }
}
