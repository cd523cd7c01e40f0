import type { WireFormat } from '@headgate/sdk';
import type { PriceTable } from '../core/catalog/prices/price-table.js';
import type { Config } from '../core/config/config.js';
import type { ProviderKey } from '../core/route/key-ring.js';
import type { RoutableProvider } from '../core/route/model-table.js';
import { send } from './send-once.js';

const NOT_CHAT =
  /embed|rerank|moderation|whisper|transcri|tts|speech|audio|realtime|image|dall-e|imagen|veo|sora|video|ocr|guard|voyage|jina/i;

/**
 * A model to try the provider with: one that the configuration sends requests to, else the first the provider itself lists,
 * else the cheapest in the price table, whose models may be gone. Null when there is none.
 */
export async function pickModel(
  routable: RoutableProvider,
  key: ProviderKey,
  config: Config,
  prices: PriceTable,
  format: WireFormat,
): Promise<string | null> {
  const { id } = routable.provider;
  const targets = [...config.models.values()].flatMap(({ targets }) => targets);
  const named = targets.find(({ provider }) => provider === id);
  if (named !== undefined) return named.model;
  const embeds = format.operation === 'embedding';
  const fits = (model: string): boolean => {
    const mode = prices.info(id, model)?.mode ?? null;
    return mode === null || mode === 'completion'
      ? NOT_CHAT.test(model) === embeds
      : (mode === 'embedding') === embeds;
  };
  const listed = await modelsOf(routable, key);
  const known = prices.models(id).filter(fits);
  const both = known.filter((model) => listed.includes(model));
  return cheapest(both, id, prices) ?? listed.find(fits) ?? cheapest(known, id, prices);
}

function cheapest(models: readonly string[], provider: string, prices: PriceTable): string | null {
  const priced = models.flatMap((model) => {
    const price = prices.find(provider, model);
    const sum = price === null ? 0 : price.rates.input + price.rates.output;
    return sum > 0 ? [{ model, sum }] : [];
  });
  return priced.sort((a, b) => a.sum - b.sum)[0]?.model ?? models[0] ?? null;
}

/** What the provider lists; nothing when it has no list or will not tell. */
async function modelsOf({ provider, timeouts }: RoutableProvider, key: ProviderKey): Promise<string[]> {
  const { models } = provider.row;
  if (models === undefined) return [];
  const answer = await send(provider.transport(timeouts.connectMs), key, {
    method: 'GET',
    path: provider.basePath + models,
    headers: [...key.headers],
    body: null,
  });
  if (answer.kind !== 'answer' || answer.status !== 200) return [];
  try {
    const said = JSON.parse(answer.body) as { data?: unknown; models?: unknown };
    const list: unknown = said.data ?? said.models ?? said;
    return Array.isArray(list) ? list.flatMap(nameOf) : [];
  } catch {
    return [];
  }
}

function nameOf(entry: unknown): string[] {
  if (typeof entry !== 'object' || entry === null) return [];
  const name = 'id' in entry ? entry.id : 'name' in entry ? entry.name : null;
  return typeof name === 'string' ? [name.replace(/^models\//, '')] : [];
}
