import type { JsonObject } from '@headgate/sdk';
import type { ListedModel } from '../route/listed-model.js';

/** How an API writes models. */
export interface ModelShape {
  list(models: readonly ListedModel[], query: URLSearchParams): JsonObject;
  one(model: ListedModel): JsonObject;
}

/** Both APIs allow the epoch for a model of which nobody knows when it came out. */
const UNKNOWN_DAY = '1970-01-01T00:00:00Z';

/** Rates are pico-dollars per token, which are millionths of dollars per million. */
const usd = (rate: number): number => rate / 1e6;

/** What is known beside the fields that the API has, under names of our own. */
function more({ contextWindow, maxOutputTokens, price }: ListedModel): JsonObject {
  return {
    ...(contextWindow !== null && { context_window: contextWindow }),
    ...(maxOutputTokens !== null && { max_output_tokens: maxOutputTokens }),
    ...(price !== null && {
      pricing: {
        input_per_million_usd: usd(price.rates.input),
        output_per_million_usd: usd(price.rates.output),
        cache_read_per_million_usd: usd(price.rates.cacheRead),
        cache_write_per_million_usd: usd(price.rates.cacheWrite),
      },
    }),
  };
}

/** https://platform.openai.com/docs/api-reference/models */
export const openaiModels: ModelShape = {
  list: (models) => ({ object: 'list', data: models.map(openaiModels.one) }),
  one: (model) => ({ id: model.id, object: 'model', created: 0, owned_by: model.ownedBy, ...more(model) }),
};

/** https://docs.anthropic.com/en/api/models-list */
export const anthropicModels: ModelShape = {
  list(models, query) {
    const { page, hasMore } = cut(models, query);
    return {
      data: page.map(anthropicModels.one),
      has_more: hasMore,
      first_id: page[0]?.id ?? null,
      last_id: page.at(-1)?.id ?? null,
    };
  },
  one: (model) => ({
    type: 'model',
    id: model.id,
    display_name: model.id,
    created_at: UNKNOWN_DAY,
    max_input_tokens: model.contextWindow,
    max_tokens: model.maxOutputTokens,
    ...more(model),
  }),
};

/** `after_id`, `before_id` and `limit`. Without a limit everything comes at once: a client that pages is content too. */
function cut(
  models: readonly ListedModel[],
  query: URLSearchParams,
): { page: readonly ListedModel[]; hasMore: boolean } {
  const at = (name: string): number => models.findIndex(({ id }) => id === query.get(name));
  const limit = /^\d{1,4}$/.test(query.get('limit') ?? '')
    ? Math.max(1, Number(query.get('limit')))
    : models.length;
  const before = at('before_id');
  if (before >= 0) {
    const from = Math.max(0, before - limit);
    return { page: models.slice(from, before), hasMore: from > 0 };
  }
  const from = at('after_id') + 1;
  return { page: models.slice(from, from + limit), hasMore: from + limit < models.length };
}
