import { type ModelShape, more, pageSize } from './shape.js';

const METHODS: Readonly<Record<string, string[]>> = {
  '': ['generateContent', 'streamGenerateContent', 'countTokens'],
  embedding: ['embedContent', 'batchEmbedContents'],
};

/** https://ai.google.dev/api/models; a page's token is the place it begins at. */
export const geminiModels: ModelShape = {
  list(models, query) {
    const from = Number(query.get('pageToken') ?? 0) || 0;
    const to = from + pageSize(query, 'pageSize', models.length);
    return {
      models: models.slice(from, to).map(geminiModels.one),
      ...(to < models.length && { nextPageToken: String(to) }),
    };
  },
  one: (model) => ({
    name: `models/${model.id}`,
    displayName: model.id,
    ...(model.contextWindow !== null && { inputTokenLimit: model.contextWindow }),
    ...(model.maxOutputTokens !== null && { outputTokenLimit: model.maxOutputTokens }),
    supportedGenerationMethods: METHODS[model.mode ?? ''] ?? METHODS[''],
    ...more(model),
  }),
};
