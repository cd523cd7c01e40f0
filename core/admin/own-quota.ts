import type { BudgetRule, ChainLink, EntityKind } from '@headgate/sdk';
import { countedRules } from '../config/counted-rules.js';
import type { KeyFacts } from '../identity/virtual-key.js';
import { exactUsd } from '../money.js';
import type { Ledger } from '../store/ledger.js';
import type { GroupDimension } from '../store/usage-report.js';
import { budgetJson, iso, limitJson } from './entity-text.js';
import { ruleWindow } from './rule-window.js';

const DIMENSION: Readonly<Record<EntityKind, GroupDimension>> = {
  key: 'key',
  project: 'project',
  team: 'team',
  organization: 'org',
  user: 'user',
  customer: 'customer',
  tag: 'tag',
};

/** What the holder of a virtual key may use, and what of it is used. */
export async function ownQuota(
  key: KeyFacts,
  ledger: Pick<Ledger, 'spent' | 'usage'>,
  now: number,
): Promise<object> {
  const budgets: object[] = [];
  for (const link of key.chain)
    for (const rule of link.budgets) budgets.push(await budgetOf(link, rule, ledger, now));
  return {
    id: key.id,
    name: key.name,
    expires_at: key.expiresMs === null ? null : iso(key.expiresMs),
    models: key.models,
    belongs_to: key.chain.slice(1).map(({ kind, id, name }) => ({ kind, id, name })),
    budgets,
    limits: key.chain.flatMap((link) => {
      const counted = countedRules(link);
      return link.limits.map((rule) => ({
        of: ofLink(link),
        ...limitJson(rule),
        enforced: counted.has(rule),
      }));
    }),
  };
}

async function budgetOf(
  link: ChainLink,
  rule: BudgetRule,
  ledger: Pick<Ledger, 'spent' | 'usage'>,
  now: number,
): Promise<object> {
  const { start, end } = ruleWindow(rule, now);
  const spent = await spentBy(link, start, ledger);
  const left = BigInt(rule.capNanos) - spent;
  return {
    of: ofLink(link),
    ...budgetJson(rule),
    spent_usd: exactUsd(spent),
    remaining_usd: exactUsd(left > 0n ? left : 0n),
    since: iso(start),
    resets_at: end === null ? null : iso(end),
    enforced: countedRules(link).has(rule),
  };
}

async function spentBy(
  { kind, id }: ChainLink,
  since: number,
  ledger: Pick<Ledger, 'spent' | 'usage'>,
): Promise<bigint> {
  if (kind === 'key') return BigInt(await ledger.spent(id, since));
  const { total } = await ledger.usage({
    groupBy: [],
    from: since,
    to: null,
    filter: { [DIMENSION[kind]]: [id] },
    timeZone: 'UTC',
    limit: 1,
    after: null,
  });
  return total.costNano;
}

function ofLink({ kind, id, name }: ChainLink): object {
  return { kind, id, name };
}
