import type { Target } from '@headgate/sdk';
import { countTokensHere } from '../count-tokens.js';
import { GatewayError, gatewayError } from '../errors.js';
import type { Exchange } from '../exchange.js';
import { modelRefused } from '../identity/virtual-key.js';
import type { Wait } from '../pipeline.js';
import { runChain } from '../plan/run-chain.js';
import { ableHint } from '../route/able-providers.js';
import { order } from '../route/order.js';
import type { CompiledTarget, ModelRoute } from '../route/target.js';
import { usableTargets } from '../usable-targets.js';
import { viewOf } from '../view.js';

/** Stage 9. The ordered list of targets to try: by the model's strategy, then by the route hooks. */
export function route(x: Exchange): Wait | undefined {
  const { name, targets } = x.route as ModelRoute;
  const able = targets.every((target) => target.speech.has(x.endpoint.format.id))
    ? targets
    : targets.filter((target) => target.speech.has(x.endpoint.format.id));
  if (able.length === 0) {
    if (x.endpoint.format.operation === 'count-tokens') return countTokensHere(x, targets[0]?.model ?? name);
    throw gatewayError('operation_unsupported', {
      model: name,
      operation: x.endpoint.format.operation,
      hint: ableHint(x.runtime, x.endpoint.format),
    });
  }
  x.targets = usableTargets(x, withFallbacks(x, order(x.route as ModelRoute, able, x.io.random)));
  const hooks = x.plan?.route ?? null;
  if (hooks === null) return undefined;
  const chosen = runChain<readonly Target[]>(hooks, x.targets.map(nameOf), viewOf(x), x);
  if (chosen instanceof Promise) return chosen.then((list) => take(x, list));
  take(x, chosen);
  return undefined;
}

/** `x-headgate-fallbacks: provider/model, …`: more targets, in that order, after the model's own. */
function withFallbacks(x: Exchange, targets: readonly CompiledTarget[]): readonly CompiledTarget[] {
  const header = x.header('x-headgate-fallbacks');
  if (header === undefined) return targets;
  const names = header.split(',').map((name) => name.trim());
  const more = names.filter((name) => name !== '').flatMap((name) => targetsOf(x, name));
  return [...targets, ...more.filter((target) => target.speech.has(x.endpoint.format.id))];
}

function targetsOf(x: Exchange, name: string): readonly CompiledTarget[] {
  const found = x.runtime.models.find(name, x.endpoint.format);
  if (found === null)
    throw new GatewayError(
      x.runtime.models.missing(name, x.endpoint.format, ' It is in x-headgate-fallbacks.'),
    );
  if (x.principal !== null && !x.principal.mayUse(name)) {
    throw modelRefused(x.principal, name);
  }
  return found.targets;
}

function nameOf(target: CompiledTarget): Target {
  return { provider: target.provider.id, model: target.model };
}

/** Hooks may reorder, drop and add targets; one they add is looked up like a model of that name. */
function take(x: Exchange, list: readonly Target[]): void {
  const targets = list.map(({ provider, model }) => {
    const known = x.targets.find((target) => target.provider.id === provider && target.model === model);
    const target = known ?? x.runtime.models.find(`${provider}/${model}`, x.endpoint.format)?.targets[0];
    if (!target?.speech.has(x.endpoint.format.id)) {
      throw gatewayError('model_not_found', { model: `${provider}/${model}`, hint: ' A plugin chose it.' });
    }
    return target;
  });
  x.targets = usableTargets(x, targets);
}
