import type { Operation } from '@headgate/sdk';
import type { Unpriced } from './config/config.js';
import { gatewayError } from './errors.js';
import type { Exchange } from './exchange.js';
import type { CompiledTarget } from './route/target.js';

/** What no provider charges for, so that it needs no price. */
const FREE = new Set<Operation>(['count-tokens', 'file', 'moderation']);

/** The first that says anything: the key, the model, the gateway. */
function policyOf({ principal, route, runtime }: Exchange): Unpriced {
  return principal?.unpriced ?? route?.unpriced ?? runtime.config.unpriced;
}

/** Those of some targets that the request may go to; throws `model_unpriced` when there were some and none is left. */
export function pricedTargets(x: Exchange, targets: readonly CompiledTarget[]): readonly CompiledTarget[] {
  // A configuration that denies nothing, as most do, is known by a boolean; keys of the store are not part of it.
  if (!x.runtime.deniesUnpriced && x.principal?.unpriced !== 'deny') return targets;
  if (policyOf(x) !== 'deny') return targets;
  if (x.model === '' || FREE.has(x.endpoint.format.operation)) return targets;
  const { prices } = x.runtime;
  const priced = targets.filter(
    ({ provider, model }) => prices.find(provider.id, model, x.receivedAt) !== null,
  );
  const [first] = targets;
  if (priced.length > 0 || first === undefined) return priced;
  throw gatewayError('model_unpriced', {
    model: x.route?.name ?? x.model,
    price: `${first.provider.id}/${first.model}`,
  });
}

/** Most models that the log is told of. */
const MOST_NOTED = 1000;

/** Models that were used and have no price, each of which the log is told of once. One a thread. */
export class UnpricedModels {
  private readonly noted = new Set<string>();

  /** Something was used that nobody knows the price of. */
  note(x: Exchange): void {
    const { target, io } = x;
    if (target === null || FREE.has(x.endpoint.format.operation) || policyOf(x) === 'allow') return;
    const model = `${target.provider.id}/${target.model}`;
    if (this.noted.has(model) || this.noted.size >= MOST_NOTED) return;
    this.noted.add(model);
    io.log.warn('no price is known for this model: what it costs is counted nowhere', {
      model,
      hint: 'set it under "prices", or set "unpriced" to allow or deny',
    });
  }
}
