import type { BillRule } from './bill-rules.js';
import type { UsageTable } from './usage-table.js';

/** What requests are counted under beside the time. `key` is the id of a key; `tag` counts a request under each of its tags. */
export const GROUP_DIMENSIONS = [
  'org',
  'team',
  'project',
  'user',
  'key',
  'customer',
  'tag',
  'model',
  'provider',
  'upstream_model',
  'operation',
  'endpoint',
] as const;
export type GroupDimension = (typeof GROUP_DIMENSIONS)[number];

/** Calendar months and days, and hours, of the time zone asked for. */
export const TIME_DIMENSIONS = ['month', 'day', 'hour'] as const;
export type TimeDimension = (typeof TIME_DIMENSIONS)[number];

export type UsageDimension = GroupDimension | TimeDimension;
export const USAGE_DIMENSIONS: readonly UsageDimension[] = [...GROUP_DIMENSIONS, ...TIME_DIMENSIONS];

/** Values, one of which a dimension must have. A key goes by its id or by its name. */
export type UsageFilter = Partial<Record<GroupDimension, readonly string[]>>;

export interface UsageQuery {
  readonly groupBy: readonly UsageDimension[];
  /** Unix milliseconds; null for no bound. Usage is kept by the quarter of an hour, so `from` counts from the start of its quarter. */
  readonly from: number | null;
  /** Unix milliseconds, exclusive; null for no bound. Counts to the end of its quarter. */
  readonly to: number | null;
  readonly filter: UsageFilter;
  /** What whoever asks may see: one of these dimensions must have one of its values. Left out: everything. */
  readonly within?: UsageFilter;
  /** An IANA name, such as `Europe/Berlin`. */
  readonly timeZone: string;
  /** Rows at most. */
  readonly limit: number;
  /** Where the page before ended: `next` of its report. */
  readonly after: string | null;
  /** What is charged on: the first rule that fits counts. Left out: nothing is said of it. */
  readonly billing?: readonly BillRule[];
}

/** Sums of requests. Tokens are inclusive, as in the SDK's `Usage`. */
export interface UsageSums {
  requests: number;
  /** Requests that ended in an error; a client that left is none. */
  errors: number;
  /** Requests that used a provider and whose cost nobody knows. */
  unpricedRequests: number;
  inputTokens: number;
  outputTokens: number;
  cacheReadTokens: number;
  cacheWriteTokens: number;
  reasoningTokens: number;
  /** Nano-dollars. */
  costNano: bigint;
  /** Nano-dollars that are charged on; only where the query has rules. */
  billedNano?: bigint;
}

export interface UsageRow {
  /**
   * One value for each dimension asked for, in that order. Months are `2026-01`, days `2026-01-31`, hours
   * `2026-01-31T05:00:00Z` or, in another zone, `2026-01-31T05:00:00+01:00`.
   */
  readonly group: readonly string[];
  /** Name of the key when grouped by key, else `''`. */
  readonly keyName: string;
  readonly sums: UsageSums;
}

export interface UsageReport {
  /** The whole quarters of an hour that were counted, unix milliseconds; null where the query had no bound. */
  readonly from: number | null;
  readonly to: number | null;
  readonly timeZone: string;
  readonly groupBy: readonly UsageDimension[];
  /** In order of time when grouped by it; then most expensive first. `rowsOf` makes rows of it. */
  readonly table: UsageTable;
  /** Where the next page begins; null when there is none. */
  readonly next: string | null;
  /** All rows of all pages; what is counted under several tags is in it once. */
  readonly total: UsageSums;
  /** Before this time, unix milliseconds, only whole days in UTC were left to count; null when that did not matter. */
  readonly wholeDaysBefore: number | null;
}

export const NO_USAGE: UsageSums = {
  requests: 0,
  errors: 0,
  unpricedRequests: 0,
  inputTokens: 0,
  outputTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  reasoningTokens: 0,
  costNano: 0n,
};
