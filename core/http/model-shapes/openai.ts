import { type ModelShape, more } from './shape.js';

/** https://platform.openai.com/docs/api-reference/models; `created` is unknown, which the epoch says. */
export const openaiModels: ModelShape = {
  list: (models) => ({ object: 'list', data: models.map(openaiModels.one) }),
  one: (model) => ({ id: model.id, object: 'model', created: 0, owned_by: model.ownedBy, ...more(model) }),
};
