import { type Counter, type Reply, reply } from '@headgate/sdk';
import type { KeyBudget } from './budgets.js';

/** The 402 for a used-up budget: whose, its cap, what is left, what this request may need, when it starts again. */
export function refusal(
  { name, capNanos, per }: KeyBudget,
  wanted: number,
  spent: Counter,
  now: number,
): Reply {
  const left = Math.max(0, capNanos - spent.value());
  const at = spent.resetsAt();
  const inBrief = `The budget of key '${name}' is $${usd(capNanos)} a ${per}, of which $${usd(left)} is left`;
  const why = `this request may cost up to $${usd(wanted)}`;
  const advice = left > 0 ? ' A lower cap on output tokens makes that less.' : '';
  return reply.error(
    'budget',
    'budget_exceeded',
    `${inBrief}, and ${why}.${advice} The budget starts again at ${new Date(at).toISOString().slice(0, 19)}Z.`,
    { retryAfterMs: Math.max(1000, at - now) },
  );
}

/** Nano-dollars as dollars, cut to at most six decimals. */
function usd(nanos: number): string {
  const text = (Math.floor(nanos / 1000) / 1e6).toFixed(6);
  return text.replace(/0{1,4}$/, '');
}
