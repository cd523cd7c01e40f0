import type { BudgetRule, ChainLink, LimitRule } from '@headgate/sdk';

const MINUTE = { per: 'minute', window: 'calendar', timeZone: 'UTC' } as const;

/** A link without rules but these. */
export function link(more: Partial<ChainLink> = {}): ChainLink {
  return { kind: 'key', id: 'k', name: 'k', budgets: [], limits: [], parallel: null, ...more };
}

/** A limit, of requests in a minute of the clock unless it says otherwise. */
export const limit = (max: number, more: Partial<LimitRule> = {}): LimitRule => ({
  of: 'requests',
  max,
  ...MINUTE,
  ...more,
});

/** A hard budget of a month in UTC unless it says otherwise; nano-dollars. */
export const budgetOf = (capNanos: number, more: Partial<BudgetRule> = {}): BudgetRule => ({
  capNanos,
  per: 'month',
  window: 'calendar',
  timeZone: 'UTC',
  hard: true,
  reserve: 'most',
  raise: null,
  downgrade: null,
  ...more,
});
