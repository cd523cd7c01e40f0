import { gatewayError } from '../errors.js';
import type { Exchange } from '../exchange.js';
import type { CompiledTarget } from './target.js';

/** The targets whose providers the caller, and all that it belongs to, may use. Throws when none is left of some. */
export function allowedTargets(
  { principal }: Pick<Exchange, 'principal'>,
  targets: readonly CompiledTarget[],
): readonly CompiledTarget[] {
  const refusedBy = principal?.providerRefusedBy ?? null;
  if (refusedBy === null || targets.length === 0) return targets;
  const allowed = targets.filter(({ provider }) => refusedBy(provider.id) === null);
  const first = targets[0] as CompiledTarget;
  if (allowed.length === 0)
    throw gatewayError('provider_not_allowed', {
      who: refusedBy(first.provider.id) ?? '',
      provider: first.provider.id,
    });
  return allowed;
}
