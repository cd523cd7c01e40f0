import type { Target } from '@headgate/sdk';
import { gatewayError } from '../errors.js';
import type { Exchange } from '../exchange.js';
import type { Wait } from '../pipeline.js';
import { runChain } from '../plan/run-chain.js';
import type { CompiledTarget } from '../route/target.js';
import { usableTargets } from '../usable-targets.js';
import { viewOf } from '../view.js';
import { speakersOf } from './choose.js';
import type { Forward } from './forward.js';
import { speaksApi } from './upstream-path.js';

/**
 * The route hooks of a request that a model's chain decides about. Where a provider is named, or has what the request is
 * about, there is nothing to choose.
 */
export function route(x: Exchange): Wait | undefined {
  const hooks = x.plan?.route ?? null;
  const { byModel, keyName } = x.forward as Forward;
  if (hooks === null || !byModel || keyName !== null) return undefined;
  const names = x.targets.map(({ provider, model }) => ({ provider: provider.id, model }));
  const chosen = runChain<readonly Target[]>(hooks, names, viewOf(x), x);
  if (chosen instanceof Promise) return chosen.then((list) => take(x, list));
  take(x, chosen);
  return undefined;
}

function take(x: Exchange, list: readonly Target[]): void {
  x.targets = usableTargets(
    x,
    list.map((wanted) => targetOf(x, wanted)),
  );
}

function targetOf(x: Exchange, { provider, model }: Target): CompiledTarget {
  const known = x.targets.find((target) => target.provider.id === provider && target.model === model);
  if (known !== undefined) return known;
  const name = `${provider}/${model}`;
  const found = x.runtime.models.find(name, x.endpoint.format)?.targets[0];
  if (found === undefined)
    throw gatewayError('model_not_found', { model: name, hint: ' A plugin chose it.' });
  const { path } = x.forward as Forward;
  if (!speaksApi(found.provider, path))
    throw gatewayError('path_unsupported', {
      provider,
      path: x.incoming.path.slice(0, 200),
      hint: speakersOf(x, path),
    });
  return found;
}
