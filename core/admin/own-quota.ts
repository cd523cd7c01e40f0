import type { BudgetRule, ChainLink } from '@headgate/sdk';
import type { KeyFacts } from '../identity/virtual-key.js';
import { exactUsd } from '../money.js';
import type { Ledger } from '../store/ledger.js';
import { budgetJson, iso, limitJson } from './entity-text.js';
import { ruleWindow } from './rule-window.js';

/** What the holder of a virtual key may use, and what of it is used. */
export async function ownQuota(key: KeyFacts, ledger: Pick<Ledger, 'used'>, now: number): Promise<object> {
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
    limits: key.chain.flatMap((link) => [
      ...link.limits.map((rule) => ({ of: ofLink(link), ...limitJson(rule) })),
      ...(link.parallel === null ? [] : [{ of: ofLink(link), parallel_requests: link.parallel }]),
    ]),
  };
}

async function budgetOf(
  link: ChainLink,
  rule: BudgetRule,
  ledger: Pick<Ledger, 'used'>,
  now: number,
): Promise<object> {
  const { start, end } = ruleWindow(rule, now);
  const spent = BigInt((await ledger.used(link, start)).nanos);
  const { capNanos, raise } = rule;
  const cap = capNanos + (raise !== null && now < raise.untilMs ? raise.nanos : 0);
  const left = BigInt(cap) - spent;
  return {
    of: ofLink(link),
    ...budgetJson(rule),
    spent_usd: exactUsd(spent),
    remaining_usd: exactUsd(left > 0n ? left : 0n),
    since: iso(start),
    resets_at: end === null ? null : iso(end),
  };
}

function ofLink({ kind, id, name }: ChainLink): object {
  return { kind, id, name };
}
