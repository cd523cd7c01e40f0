import type { WireFormat } from '@headgate/sdk';
import { common, least } from '../catalog/least.js';
import type { Capability } from '../catalog/prices/capabilities.js';
import type { ModelPrice } from '../catalog/prices/price-table.js';
import type { VirtualKey } from '../identity/virtual-key.js';
import type { Runtime } from '../runtime.js';
import type { CompiledTarget, ModelRoute } from './target.js';

/** What a client may know of a model before it asks it. */
export interface ListedModel {
  readonly id: string;
  /** Name of the provider it goes to; of the gateway when the operator made the name. */
  readonly ownedBy: string;
  /** Tokens; null where nobody knows. With several targets, what holds for all that are known. */
  readonly contextWindow: number | null;
  readonly maxOutputTokens: number | null;
  /** What all its targets can do that are known; null where nobody knows. */
  readonly capabilities: readonly Capability[] | null;
  /** `embedding`, `image`, …; null for a chat, and where nobody knows. */
  readonly mode: string | null;
  /** Null where nobody knows, or where it depends on which target answers. */
  readonly price: ModelPrice | null;
}

/** Longest the thread's other work waits for a list. */
const SLICE_MS = 2;

const names = new WeakMap<Runtime, readonly string[]>();

/**
 * The models that a key may use: the configured names first, then `provider/model` of every provider there is. The first
 * look at a model's price takes up to milliseconds, so model requests get their turn in between.
 */
export async function listModels(
  runtime: Runtime,
  key: VirtualKey,
  client: WireFormat,
): Promise<ListedModel[]> {
  const listed: ListedModel[] = [];
  let since = performance.now();
  for (const name of allNames(runtime)) {
    if (!key.mayUse(name)) continue;
    const route = runtime.models.find(name, client);
    if (route !== null) listed.push(describe(runtime, name, route));
    if (performance.now() - since < SLICE_MS) continue;
    await new Promise(setImmediate);
    since = performance.now();
  }
  return listed;
}

/**
 * One model by any name that a request could give it; null when there is none. A name that would merely be passed on to
 * a provider that nobody knows to have it counts as none.
 */
export function findModel(runtime: Runtime, name: string, client: WireFormat): ListedModel | null {
  const route = runtime.models.find(name, client);
  if (route === null) return null;
  if (!runtime.models.configured.has(name) && !route.targets.some((target) => isKnown(runtime, target)))
    return null;
  return describe(runtime, name, route);
}

function allNames(runtime: Runtime): readonly string[] {
  let found = names.get(runtime);
  if (found === undefined) {
    const known = [...runtime.providers].flatMap(([id, { provider }]) =>
      // What a local server has is for it to say, whatever the sources list under its name.
      provider.row.free ? [] : runtime.prices.models(provider.id).map((model) => `${id}/${model}`),
    );
    found = [...new Set([...runtime.models.configured.keys(), ...known])];
    names.set(runtime, found);
  }
  return found;
}

function isKnown({ prices }: Runtime, { provider, model }: CompiledTarget): boolean {
  return prices.find(provider.id, model) !== null || prices.info(provider.id, model) !== null;
}

function describe(runtime: Runtime, id: string, { targets }: ModelRoute): ListedModel {
  const { prices, models } = runtime;
  const infos = targets.map(({ provider, model }) => prices.info(provider.id, model));
  const costs = targets.map(({ provider, model }) => prices.find(provider.id, model));
  const first = costs[0] ?? null;
  return {
    id,
    ownedBy: models.configured.has(id) ? 'headgate' : (targets[0]?.provider.id ?? 'headgate'),
    contextWindow: least(infos.map((info) => info?.contextWindow ?? null)),
    maxOutputTokens: least(infos.map((info) => info?.maxOutputTokens ?? null)),
    capabilities: common(infos.map((info) => info?.capabilities ?? null)),
    mode: infos[0]?.mode ?? null,
    price: costs.every((cost) => sameRates(cost, first)) ? first : null,
  };
}

function sameRates(a: ModelPrice | null, b: ModelPrice | null): boolean {
  if (a === b || a === null || b === null) return a === b;
  return (
    JSON.stringify([a.rates, a.tiers, a.perRequest, a.pieces]) ===
    JSON.stringify([b.rates, b.tiers, b.perRequest, b.pieces])
  );
}
