import type { Exchange } from './exchange.js';
import { allowedTargets } from './route/allowed-targets.js';
import type { CompiledTarget } from './route/target.js';
import { pricedTargets } from './unpriced.js';

/** Those of some targets that the caller may use and whose price is known where it must be. Throws when none is left of some. */
export function usableTargets(x: Exchange, targets: readonly CompiledTarget[]): readonly CompiledTarget[] {
  return pricedTargets(x, allowedTargets(x, targets));
}
