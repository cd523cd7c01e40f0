import {
  type BudgetRule,
  type ChainLink,
  calendarBudgetRule,
  type LimitRule,
  minuteLimit,
} from '@headgate/sdk';

/** Those of a link's rules that the plugins count which come with this version: those of keys that they know. */
export function countedRules(link: ChainLink): ReadonlySet<BudgetRule | LimitRule> {
  if (link.kind !== 'key') return new Set();
  const rules = [calendarBudgetRule(link), minuteLimit(link, 'requests'), minuteLimit(link, 'total_tokens')];
  return new Set(rules.filter((rule) => rule !== undefined));
}
