import { createHash } from 'node:crypto';
import { type ModelShape, more } from './shape.js';

/**
 * `GET /api/tags` of https://github.com/ollama/ollama/blob/main/docs/api.md. Sizes and dates of files mean nothing for
 * models that run elsewhere; clients only show them.
 */
export const ollamaModels: ModelShape = {
  list: (models) => ({ models: models.map(ollamaModels.one) }),
  one: (model) => ({
    name: model.id,
    model: model.id,
    modified_at: '1970-01-01T00:00:00Z',
    size: 0,
    digest: createHash('sha256').update(model.id).digest('hex'),
    details: {
      parent_model: '',
      format: '',
      family: model.ownedBy,
      families: [model.ownedBy],
      parameter_size: '',
      quantization_level: '',
    },
    ...more(model),
  }),
};
