import type { ListedModel } from '../../route/listed-model.js';
import { type ModelShape, more, pageSize } from './shape.js';

/** The epoch, which the API allows for a model of which nobody knows when it came out. */
const UNKNOWN_DAY = '1970-01-01T00:00:00Z';

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

/** `after_id`, `before_id` and `limit`. */
function cut(
  models: readonly ListedModel[],
  query: URLSearchParams,
): { page: readonly ListedModel[]; hasMore: boolean } {
  const at = (name: string): number => models.findIndex(({ id }) => id === query.get(name));
  const limit = pageSize(query, 'limit', models.length);
  const before = at('before_id');
  if (before >= 0) {
    const from = Math.max(0, before - limit);
    return { page: models.slice(from, before), hasMore: from > 0 };
  }
  const from = at('after_id') + 1;
  return { page: models.slice(from, from + limit), hasMore: from + limit < models.length };
}
