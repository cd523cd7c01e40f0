import type { BudgetRule, ChainLink, Counter, Host } from '@headgate/sdk';
import { counterName, counterWindow, whoOf, windowText } from '../rule-text.js';

/** Money that may be spent in a window: a budget, or a limit in dollars. */
export interface Allowance {
  readonly who: string;
  /** `a day` */
  readonly per: string;
  readonly rolling: boolean;
  /** Most at that moment, nano-dollars: budgets may be raised for a time. */
  cap(now: number): number;
  /** False: passing it is told, not refused. */
  readonly hard: boolean;
  /** A limit is refused as a limit, with 429. */
  readonly kind: 'budget' | 'limit';
  readonly reserve: BudgetRule['reserve'];
  readonly downgrade: BudgetRule['downgrade'];
  readonly spent: Counter;
}

/** Opens the counters of a link's budgets and dollar limits, with what the ledger knows; null when it has none. */
export function openBudgets(
  link: ChainLink,
  host: Pick<Host, 'counters'>,
): Promise<readonly Allowance[]> | null {
  const limits = link.limits.filter((rule) => rule.of === 'nanos');
  if (link.budgets.length === 0 && limits.length === 0) return null;
  return open(
    link,
    [
      ...link.budgets.map((rule) => ({ ...rule, kind: 'budget' as const })),
      ...limits.map(({ max, ...rule }) => ({ ...PLAIN, ...rule, capNanos: max, kind: 'limit' as const })),
    ],
    host,
  );
}

const PLAIN = { hard: true, reserve: 'most', raise: null, downgrade: null } as const;

async function open(
  link: ChainLink,
  rules: readonly (BudgetRule & { kind: Allowance['kind'] })[],
  host: Pick<Host, 'counters'>,
): Promise<readonly Allowance[]> {
  const { kind, id } = link;
  return Promise.all(
    rules.map(async (rule) => {
      const { capNanos, raise, hard, reserve, downgrade } = rule;
      // A hard budget, a soft one and a limit may have the same window: each request counts once in each.
      const what = rule.kind === 'limit' ? 'limit' : hard ? 'hard' : 'soft';
      const spent = await host.counters.open(counterName(`spent-${what}`, link, rule), {
        ...counterWindow(rule),
        counts: { by: { kind, id }, measure: 'nanos' },
      });
      return {
        who: whoOf(link),
        per: windowText(rule),
        rolling: rule.window === 'rolling',
        cap: (now: number) => capNanos + (raise !== null && now < raise.untilMs ? raise.nanos : 0),
        hard,
        kind: rule.kind,
        reserve,
        downgrade,
        spent,
      };
    }),
  );
}
