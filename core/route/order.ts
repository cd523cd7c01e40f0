import type { CompiledTarget, ModelRoute } from './target.js';

/**
 * The targets in the order in which they are tried. `fallback` keeps the config's; `weighted` draws without replacement,
 * so that the ones not drawn first are the fallbacks.
 */
export function order(
  route: ModelRoute,
  targets: readonly CompiledTarget[],
  random: () => number,
): readonly CompiledTarget[] {
  if (route.strategy === 'fallback' || targets.length === 1) return targets;
  const left = targets.filter((target) => target.weight > 0);
  const ordered: CompiledTarget[] = [];
  while (left.length > 0) {
    let at = random() * left.reduce((sum, target) => sum + target.weight, 0);
    let drawn = left.findIndex((target) => (at -= target.weight) < 0);
    if (drawn < 0) drawn = left.length - 1;
    ordered.push(...left.splice(drawn, 1));
  }
  return ordered;
}
