import { type Reply, reply } from '@headgate/sdk';
import { usd } from '../rule-text.js';
import type { Allowance } from './open-budgets.js';

/**
 * The 402 for a used-up budget, the 429 for a limit: whose, its cap, what is left, what this request may need, when it starts
 * again. `advice` says how it might need less; '' when nobody knows.
 */
export function refusal(allowance: Allowance, wanted: number, now: number, advice: string): Reply {
  const { who, per, rolling, kind, spent } = allowance;
  const cap = allowance.cap(now);
  const left = Math.max(0, cap - spent.value());
  const at = spent.resetsAt();
  const inBrief =
    kind === 'budget'
      ? `The budget of ${inner(who)} is $${usd(cap)} ${per}, of which $${usd(left)} is left`
      : `${who} may spend $${usd(cap)} ${per}, of which $${usd(left)} is left`;
  const why = `this request may cost up to $${usd(wanted)}`;
  const again = rolling ? 'Some of it is free again' : 'It starts again';
  return reply.error(
    kind === 'budget' ? 'budget' : 'rate-limit',
    kind === 'budget' ? 'budget_exceeded' : 'rate_limit_exceeded',
    `${inBrief}, and ${why}.${left > 0 ? advice : ''} ${again} at ${new Date(at).toISOString().slice(0, 19)}Z.`,
    { retryAfterMs: Math.max(1000, at - now) },
  );
}

const inner = (who: string): string =>
  who.startsWith('MCP ') ? who : who.charAt(0).toLowerCase() + who.slice(1);
