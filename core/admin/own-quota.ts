import type { BudgetRule, ChainLink, LimitRule, RuleWindow, UsedSoFar } from '@headgate/sdk';
import type { KeyFacts } from '../identity/virtual-key.js';
import { exactUsd } from '../money.js';
import type { Ledger } from '../store/ledger.js';
import { budgetJson, iso, limitJson } from './entity-text.js';
import { ruleWindow } from './rule-window.js';

/** What the holder of a virtual key may use, and what of it is used. `ownQuotaSchema` in `openapi-me.ts` describes it. */
export async function ownQuota(key: KeyFacts, ledger: Pick<Ledger, 'used'>, now: number): Promise<object> {
  const counts = new Counts(ledger, now);
  const budgets: object[] = [];
  const limits: object[] = [];
  for (const link of key.chain) {
    for (const rule of link.budgets) budgets.push(await budgetOf(link, rule, counts));
    for (const rule of link.limits) limits.push(await limitOf(link, rule, counts));
    if (link.parallel !== null) limits.push({ of: ofLink(link), parallel_requests: link.parallel });
  }
  return {
    id: key.id,
    name: key.name,
    expires_at: key.expiresMs === null ? null : iso(key.expiresMs),
    models: key.models,
    belongs_to: key.chain.slice(1).map(ofLink),
    budgets,
    limits,
  };
}

/** What was used in a window, asked for once. */
class Counts {
  private readonly known = new Map<string, Promise<UsedSoFar>>();

  constructor(
    private readonly ledger: Pick<Ledger, 'used'>,
    readonly now: number,
  ) {}

  async in(link: ChainLink, rule: RuleWindow): Promise<{ used: UsedSoFar; window: object }> {
    const { start, end } = ruleWindow(rule, this.now);
    const place = JSON.stringify([link.kind, link.id, start]);
    const used = this.known.get(place) ?? this.ledger.used(link, start);
    this.known.set(place, used);
    return {
      used: await used,
      window: { since: iso(start), resets_at: end === null ? null : iso(end) },
    };
  }
}

async function budgetOf(link: ChainLink, rule: BudgetRule, counts: Counts): Promise<object> {
  const { used, window } = await counts.in(link, rule);
  const { capNanos, raise } = rule;
  const cap = capNanos + (raise !== null && counts.now < raise.untilMs ? raise.nanos : 0);
  return { of: ofLink(link), ...budgetJson(rule), ...dollars(cap, used.nanos), ...window };
}

async function limitOf(link: ChainLink, rule: LimitRule, counts: Counts): Promise<object> {
  const { used, window } = await counts.in(link, rule);
  const { of, max } = rule;
  const count =
    of === 'requests'
      ? used.requests
      : of === 'input_tokens'
        ? used.inputTokens
        : of === 'output_tokens'
          ? used.outputTokens
          : used.inputTokens + used.outputTokens;
  const left =
    of === 'nanos' ? dollars(max, used.nanos) : { used: count, remaining: Math.max(0, max - count) };
  return { of: ofLink(link), ...limitJson(rule), ...left, ...window };
}

function dollars(cap: number, nanos: number): object {
  const spent = BigInt(nanos);
  const left = BigInt(cap) - spent;
  return { spent_usd: exactUsd(spent), remaining_usd: exactUsd(left > 0n ? left : 0n) };
}

function ofLink({ kind, id, name }: ChainLink): object {
  return { kind, id, name };
}
