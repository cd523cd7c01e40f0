/** What usage can be grouped by. `day` and `hour` are UTC. */
export const USAGE_DIMENSIONS = ['customer', 'key', 'model', 'provider', 'day', 'hour'] as const;
export type UsageDimension = (typeof USAGE_DIMENSIONS)[number];

export interface UsageQuery {
  groupBy: readonly UsageDimension[];
  /** Unix milliseconds; null for no bound. Usage is kept by the hour, so `from` counts from the start of its hour. */
  from: number | null;
  /** Unix milliseconds, exclusive; null for no bound. Counts to the end of its hour. */
  to: number | null;
  customer: string | null;
  /** Id or name of a key. */
  key: string | null;
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
}

export interface UsageRow {
  /** One value for each dimension asked for, in that order. Days are `2026-01-31`, hours `2026-01-31T05:00:00Z`. */
  group: readonly string[];
  /** Name of the key when grouped by key, else `''`. */
  keyName: string;
  sums: UsageSums;
}

export interface UsageReport {
  /** The whole hours that were counted, unix milliseconds; null where the query had no bound. */
  from: number | null;
  to: number | null;
  groupBy: readonly UsageDimension[];
  /** Most expensive first; in order of time when grouped by day or hour. */
  rows: UsageRow[];
  /** True when there were more rows than a report holds. `total` counts them all. */
  truncated: boolean;
  total: UsageSums;
}
