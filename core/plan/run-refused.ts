import type { CanonicalError, HeaderList } from '@headgate/sdk';
import type { Exchange } from '../exchange.js';
import { runNotify } from './run-notify.js';

/** Refusals of the gateway that are of rules, though their kind does not say so. */
const OF_RULES: ReadonlySet<string> = new Set([
  'counters_unavailable',
  'model_not_allowed',
  'model_unpriced',
  'provider_not_allowed',
]);

/** Tells the hooks that a rule refuses the request, unless a provider was asked already. Before the head of the answer is made. */
export function runRefused(x: Exchange, error: CanonicalError): void {
  const hooks = x.plan?.refused ?? null;
  if (hooks === null || x.attempts.length > 0 || !isOfRule(error)) return;
  const before = x.extraHeaders;
  x.extraHeaders = null;
  runNotify(hooks, error, x);
  x.extraHeaders = inPlaceOf(before, x.extraHeaders);
}

function isOfRule({ kind, code }: CanonicalError): boolean {
  return kind === 'budget' || kind === 'rate-limit' || OF_RULES.has(code);
}

/** The earlier headers but those that have a later one. */
function inPlaceOf(before: HeaderList | null, after: HeaderList | null): HeaderList | null {
  if (before === null || after === null) return after ?? before;
  const names = new Set(after.filter((_, i) => i % 2 === 0));
  return [...before.filter((_, i) => !names.has(before[i - (i % 2)] as string)), ...after];
}
