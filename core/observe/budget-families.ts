import type { BudgetFact } from './main-facts.js';
import { gauge, type MetricFamily, type NumberSample } from './metric-family.js';

/** A budget with what its requests have cost so far, nano-dollars. */
export interface SpentBudget extends BudgetFact {
  readonly spentNanos: number;
}

/** What is left of budgets, each by whose it is and its window. */
export function budgetFamilies(budgets: readonly SpentBudget[], litellmNames: boolean): MetricFamily[] {
  if (budgets.length === 0) return [];
  const each = (of: (one: SpentBudget) => number | null): NumberSample[] =>
    budgets.flatMap((one) => {
      const value = of(one);
      const { kind, id, name, per, hard } = one;
      return value === null ? [] : [{ labels: { kind, id, name, per, hard: String(hard) }, value }];
    });
  return [
    gauge(
      'headgate_budget_limit_usd',
      'US dollars that may be spent in the window.',
      each((one) => one.capNanos / 1e9),
    ),
    gauge(
      'headgate_budget_spent_usd',
      'US dollars of settled requests in the window.',
      each((one) => one.spentNanos / 1e9),
    ),
    gauge(
      'headgate_budget_remaining_usd',
      'US dollars that are left in the window; below 0 when a soft budget is passed.',
      each((one) => (one.capNanos - one.spentNanos) / 1e9),
    ),
    gauge(
      'headgate_budget_reset_timestamp_seconds',
      'When the window ends, unix time; not there for one that moves with the clock.',
      each(({ endMs }) => (endMs === null ? null : endMs / 1000)),
    ),
    ...(litellmNames ? litellmFamilies(budgets) : []),
  ];
}

/** What LiteLLM calls those whose budgets it tells of. */
const LITELLM_KINDS = [
  ['key', 'api_key', ({ id, name }) => ({ hashed_api_key: id, api_key_alias: name })],
  ['team', 'team', ({ id, name }) => ({ team: id, team_alias: name })],
  ['user', 'user', ({ id }) => ({ user: id })],
  ['organization', 'org', ({ id, name }) => ({ org_id: id, org_alias: name })],
  ['customer', 'customer', ({ id }) => ({ end_user: id })],
] as const satisfies readonly (readonly [
  SpentBudget['kind'],
  string,
  (budget: SpentBudget) => Record<string, string>,
])[];

/** LiteLLM has one budget a key, a team and the like: where there are several, the one with the least left is told. */
function litellmFamilies(budgets: readonly SpentBudget[]): MetricFamily[] {
  return LITELLM_KINDS.flatMap(([kind, name, labelsOf]) => {
    const least = new Map<string, SpentBudget>();
    for (const one of budgets) {
      if (one.kind !== kind) continue;
      const known = least.get(one.id);
      if (known === undefined || leftOf(one) < leftOf(known)) least.set(one.id, one);
    }
    const each = (of: (one: SpentBudget) => number): NumberSample[] =>
      [...least.values()].map((one) => ({ labels: labelsOf(one), value: of(one) }));
    return [
      gauge(
        `litellm_remaining_${name}_budget_metric`,
        'US dollars left.',
        each((one) => leftOf(one) / 1e9),
      ),
      gauge(
        `litellm_${name}_max_budget_metric`,
        'US dollars.',
        each((one) => one.capNanos / 1e9),
      ),
      gauge(
        `litellm_${name}_budget_remaining_hours_metric`,
        'Hours until the budget starts again; 0 for one that moves with the clock.',
        each(({ endMs }) => (endMs === null ? 0 : Math.max(0, endMs - Date.now()) / 3_600_000)),
      ),
    ];
  });
}

function leftOf({ capNanos, spentNanos }: SpentBudget): number {
  return capNanos - spentNanos;
}
