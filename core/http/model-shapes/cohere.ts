import type { Capability } from '../../catalog/prices/capabilities.js';
import type { ListedModel } from '../../route/listed-model.js';
import { type ModelShape, more, pageSize } from './shape.js';

/** What Cohere calls what a model can do. */
const FEATURES: readonly (readonly [Capability, string])[] = [
  ['tools', 'tools'],
  ['json_schema', 'json_schema'],
  ['reasoning', 'reasoning'],
  ['vision', 'vision'],
];

/** https://docs.cohere.com/reference/list-models; a page's token is the place it begins at. */
export const cohereModels: ModelShape = {
  list(models, query) {
    const endpoint = query.get('endpoint');
    const fit = endpoint === null ? models : models.filter((model) => endpointOf(model) === endpoint);
    const from = Number(query.get('page_token') ?? 0) || 0;
    const to = from + pageSize(query, 'page_size', fit.length);
    return {
      models: fit.slice(from, to).map(cohereModels.one),
      ...(to < fit.length && { next_page_token: String(to) }),
    };
  },
  one: (model) => ({
    name: model.id,
    is_deprecated: false,
    endpoints: [endpointOf(model)],
    finetuned: false,
    context_length: model.contextWindow,
    tokenizer_url: null,
    default_endpoints: [],
    features: featuresOf(model),
    ...more(model),
  }),
};

/** Where the API asks a model of this kind; what Cohere has no word for is asked as a chat. */
function endpointOf({ mode }: ListedModel): string {
  return mode === 'embedding' ? 'embed' : mode === 'rerank' ? 'rerank' : 'chat';
}

function featuresOf({ capabilities }: ListedModel): string[] | null {
  if (capabilities === null) return null;
  return FEATURES.filter(([capability]) => capabilities.includes(capability)).map(([, feature]) => feature);
}
