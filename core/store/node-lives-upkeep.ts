import type { LedgerSql } from './ledger-sql.js';
import { alone } from './maintenance.js';
import { DAY_MS, QUARTERS_A_DAY } from './usage-totals.js';

const EVERY_MS = 3_600_000;
/** Quarters of an hour are kept for so many days: windows that began before are some days long at least. */
const QUARTER_DAYS = 2;
/** The longest window has 366 days. */
const LIFE_DAYS = 367;
const LAST = QUARTERS_A_DAY - 1;

/** Keeps small what lives of nodes have recorded: a row a day of what is past, and nothing of nodes that never came back. */
export class LivesUpkeep {
  private next = 0;

  constructor(
    private readonly db: LedgerSql,
    private readonly life: string,
  ) {}

  async step(now: number): Promise<boolean> {
    if (now < this.next) return false;
    this.next = now + EVERY_MS;
    const today = Math.floor(now / DAY_MS);
    await this.fold((today - QUARTER_DAYS) * QUARTERS_A_DAY);
    await this.bury(today - LIFE_DAYS);
    return false;
  }

  /** Counted with the last quarter of its day, what was used is never left out of a window that it may belong to. */
  private fold(before: number): Promise<void> {
    const day = `slot - slot % ${QUARTERS_A_DAY} + ${LAST}`;
    const old = `life = ? AND slot < ? AND slot % ${QUARTERS_A_DAY} <> ${LAST}`;
    const sums = ['requests', 'input_tokens', 'output_tokens', 'cost_nano'];
    return alone(this.db, undefined, async (sql) => {
      await sql.run(
        `INSERT INTO node_usage (life, slot, group_id, ${sums.join(', ')})
         SELECT life, ${day}, group_id, ${sums.map((name) => `sum(${name})`).join(', ')}
         FROM node_usage WHERE ${old} GROUP BY life, ${day}, group_id
         ON CONFLICT (life, slot, group_id) DO UPDATE SET
         ${sums.map((name) => `${name} = node_usage.${name} + excluded.${name}`).join(', ')}`,
        [this.life, before],
      );
      await sql.run(`DELETE FROM node_usage WHERE ${old}`, [this.life, before]);
    });
  }

  private bury(day: number): Promise<void> {
    return alone(this.db, undefined, async (sql) => {
      const gone = `life <> ? AND begun_ms < ? AND NOT EXISTS
        (SELECT 1 FROM node_usage WHERE node_usage.life = node_lives.life AND slot >= ?)`;
      const values = [this.life, day * DAY_MS, day * QUARTERS_A_DAY];
      await sql.run(
        `DELETE FROM node_usage WHERE life IN (SELECT life FROM node_lives WHERE ${gone})`,
        values,
      );
      await sql.run(`DELETE FROM node_lives WHERE ${gone}`, values);
    });
  }
}
