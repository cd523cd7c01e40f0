import type { SqlValue } from './ledger-sql.js';
import type { ZoneStretch } from './time-zone.js';
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

/** What time is told apart: hours and days of a zone, or not at all. */
export type Bucket = 'hour' | 'day' | null;

const SUMS = SUM_COLUMNS.map((name) => `sum(${name}) AS ${name}`).join(', ');

export interface PartsOptions {
  readonly range: SlotRange;
  readonly bucket: Bucket;
  readonly zone: readonly ZoneStretch[];
  /** Before this day, since 1970, there are no quarters any more. */
  readonly quartersSince: number;
  /** A condition on `group_id`, null for none. */
  readonly groups: SqlPart | null;
}

/**
 * A select of the sums of that time, `group_id` by `group_id` and, with a bucket, `bucket` by `bucket`: from the sums of days
 * wherever whole days in UTC do, from those of quarters elsewhere. A bucket is a day since 1970 in the zone, or the quarter at
 * which an hour of the zone begins.
 */
export function sumsByGroup({ range, bucket, zone, quartersSince, groups }: PartsOptions): SqlPart {
  const utc = zone.every(({ offset }) => offset === 0);
  const daysDo = bucket === null || (bucket === 'day' && utc);
  const { quarters, days } = split(range, daysDo, quartersSince * QUARTERS_A_DAY);
  const parts = [
    ...quarters.map((one) => part('usage_quarters', 'slot', one, ofSlot(bucket, zone), groups)),
    ...days.map((one) => part('usage_days', 'day', one, ofDay(bucket), groups)),
  ];
  const values = parts.flatMap((one) => one.values);
  if (parts.length === 1) return { text: parts[0]!.text, values };
  const by = bucket === null ? 'group_id' : 'bucket, group_id';
  return {
    text: `SELECT ${by}, ${SUMS} FROM (${parts.map((one) => one.text).join(' UNION ALL ')}) parts GROUP BY ${by}`,
    values,
  };
}

/** The ranges to be taken from quarters and, in days, from days. */
function split(
  { from, to }: SlotRange,
  daysDo: boolean,
  quartersSince: number,
): { quarters: SlotRange[]; days: SlotRange[] } {
  const firstDay = Math.ceil(from / QUARTERS_A_DAY);
  const lastDay = Math.floor(to / QUARTERS_A_DAY);
  if (daysDo && firstDay < lastDay) {
    const ends = [
      { from, to: firstDay * QUARTERS_A_DAY },
      { from: lastDay * QUARTERS_A_DAY, to },
    ];
    return { quarters: ends.filter((one) => one.from < one.to), days: [{ from: firstDay, to: lastDay }] };
  }
  if (from >= quartersSince) return { quarters: [{ from, to }], days: [] };
  const start = Math.floor(from / QUARTERS_A_DAY);
  const end = Math.min(Math.ceil(to / QUARTERS_A_DAY), quartersSince / QUARTERS_A_DAY);
  return {
    quarters: to > quartersSince ? [{ from: quartersSince, to }] : [],
    days: [{ from: start, to: end }],
  };
}

function part(
  table: string,
  unit: string,
  { from, to }: SlotRange,
  bucket: string | null,
  groups: SqlPart | null,
): SqlPart {
  const shown = bucket === null ? '' : `${bucket} AS bucket, `;
  return {
    text: `SELECT ${shown}group_id, ${SUMS} FROM ${table} WHERE ${unit} >= ? AND ${unit} < ?${
      groups === null ? '' : ` AND ${groups.text}`
    } GROUP BY ${bucket === null ? '' : `${bucket}, `}group_id`,
    values: [from, to, ...(groups?.values ?? [])],
  };
}

function ofSlot(bucket: Bucket, zone: readonly ZoneStretch[]): string | null {
  if (bucket === null) return null;
  const local = shifted('slot', zone);
  return bucket === 'day' ? `(${local}) / ${QUARTERS_A_DAY}` : `slot - (${local}) % 4`;
}

function ofDay(bucket: Bucket): string | null {
  if (bucket === null) return null;
  return bucket === 'day' ? 'day' : `day * ${QUARTERS_A_DAY}`;
}

function shifted(slot: string, zone: readonly ZoneStretch[]): string {
  const last = zone.at(-1)?.offset ?? 0;
  if (zone.length < 2) return `${slot} + ${last}`;
  const cases = zone.slice(0, -1).map(({ until, offset }) => `WHEN ${slot} < ${until} THEN ${offset}`);
  return `${slot} + CASE ${cases.join(' ')} ELSE ${last} END`;
}
