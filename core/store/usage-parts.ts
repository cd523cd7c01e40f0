import type { SqlValue } from './ledger-sql.js';
import { SUM_COLUMNS } from './usage-columns.js';
import { QUARTERS_A_DAY } from './usage-totals.js';

/** Quarters of an hour since 1970, from the first up to but not including the last. */
export interface SlotRange {
  readonly from: number;
  readonly to: number;
}

/** A piece of SQL and its values. */
export interface SqlPart {
  readonly text: string;
  readonly values: readonly SqlValue[];
}

const SUMS = SUM_COLUMNS.map((name) => `sum(${name}) AS ${name}`).join(', ');

/**
 * A select of the sums of that time by `group_id`: from the sums of days wherever whole days in UTC do, from those of quarters at
 * the ends.
 *
 * @param groups a condition on `group_id`
 */
export function sumsByGroup({ from, to }: SlotRange, groups: SqlPart | null): SqlPart {
  const firstDay = Math.ceil(from / QUARTERS_A_DAY);
  const lastDay = Math.floor(to / QUARTERS_A_DAY);
  const parts =
    firstDay < lastDay
      ? [
          part('usage_quarters', 'slot', { from, to: firstDay * QUARTERS_A_DAY }, groups),
          part('usage_quarters', 'slot', { from: lastDay * QUARTERS_A_DAY, to }, groups),
          part('usage_days', 'day', { from: firstDay, to: lastDay }, groups),
        ]
      : [part('usage_quarters', 'slot', { from, to }, groups)];
  return {
    text: `SELECT group_id, ${SUMS} FROM (${parts.map((one) => one.text).join(' UNION ALL ')}) parts GROUP BY group_id`,
    values: parts.flatMap((one) => one.values),
  };
}

function part(table: string, unit: string, { from, to }: SlotRange, groups: SqlPart | null): SqlPart {
  const condition = groups === null ? '' : ` AND ${groups.text}`;
  return {
    text: `SELECT group_id, ${SUMS} FROM ${table} WHERE ${unit} >= ? AND ${unit} < ?${condition} GROUP BY group_id`,
    values: [from, to, ...(groups?.values ?? [])],
  };
}
