import type { Config, Unpriced } from '../config/config.js';
import { patternMatcher } from '../route/pattern.js';
import { common, least } from './least.js';
import type { Capability } from './prices/capabilities.js';
import type { ModelPrice, PriceTable } from './prices/price-table.js';

/** A model that requests can name, and everything that is known of it. */
export interface CatalogModel {
  /** What requests call it: a name of the configuration, or `provider/model`. */
  readonly id: string;
  /** The configuration made the name. */
  readonly configured: boolean;
  /** Where its requests go, `provider/model` each, the first one first. */
  readonly targets: readonly string[];
  /** Provider and provider's name of the first. */
  readonly provider: string;
  readonly model: string;
  /** Of the first target, which is the one that answers as a rule. */
  readonly price: ModelPrice | null;
  /** The least of all targets that are known. */
  readonly contextWindow: number | null;
  readonly maxOutputTokens: number | null;
  /** What all targets can do that are known. */
  readonly capabilities: readonly Capability[] | null;
  /** `chat`, `embedding`, `image`, …; null where nobody knows. */
  readonly mode: string | null;
  /** Names of the virtual keys that may use it; null when anybody may. */
  readonly keys: readonly string[] | null;
  readonly unpriced: Unpriced;
}

/** The configured names first, then every model that the sources know of a provider that is set up. */
export function* catalogModels(config: Config, prices: PriceTable): Generator<CatalogModel> {
  const keys = config.keys.map(({ name, models }) => ({ name, mayUse: patternMatcher(models) }));
  const usersOf = (id: string): string[] | null =>
    config.auth.required ? keys.filter(({ mayUse }) => mayUse(id)).map(({ name }) => name) : null;
  for (const [id, model] of config.models) {
    const targets = model.targets.map((target) => [target.provider, target.model] as const);
    const unpriced = model.unpriced ?? config.unpriced;
    yield describe({ id, configured: true, targets, keys: usersOf(id), unpriced }, prices);
  }
  for (const provider of config.providers.values()) {
    // What a local server has is for it to say, whatever the sources list under its name.
    if (provider.free) continue;
    for (const model of prices.models(provider.id)) {
      const id = `${provider.id}/${model}`;
      const targets = [[provider.id, model] as const];
      if (!config.models.has(id))
        yield describe(
          { id, configured: false, targets, keys: usersOf(id), unpriced: config.unpriced },
          prices,
        );
    }
  }
}

interface Named extends Pick<CatalogModel, 'id' | 'configured' | 'keys' | 'unpriced'> {
  readonly targets: readonly (readonly [provider: string, model: string])[];
}

function describe({ targets, ...named }: Named, prices: PriceTable): CatalogModel {
  const infos = targets
    .map(([provider, model]) => prices.info(provider, model))
    .filter((one) => one !== null);
  const [provider = '', model = ''] = targets[0] ?? [];
  const price = prices.find(provider, model);
  return {
    ...named,
    targets: targets.map((target) => target.join('/')),
    provider,
    model,
    price,
    contextWindow: least(infos.map(({ contextWindow }) => contextWindow)),
    maxOutputTokens: least(infos.map(({ maxOutputTokens }) => maxOutputTokens)),
    capabilities: common(infos.map(({ capabilities }) => capabilities)),
    mode: infos[0]?.mode ?? (price === null ? null : 'chat'),
  };
}
