/** The sums that are kept of requests. */
export const SUM_COLUMNS = [
  'requests',
  'errors',
  'unpriced_requests',
  'input_tokens',
  'output_tokens',
  'cache_read_tokens',
  'cache_write_tokens',
  'reasoning_tokens',
  'cost_nano',
] as const;

/** What a group of requests has in common, by its column; see `UsageGroup`. */
export const GROUP_COLUMNS = [
  'org',
  'team',
  'project',
  'user_id',
  'key_id',
  'customer',
  'model',
  'provider',
  'upstream_model',
  'operation',
  'endpoint',
  'tags',
] as const;
