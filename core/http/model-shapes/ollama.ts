import { createHash } from 'node:crypto';
import type { JsonObject } from '@headgate/sdk';
import type { Capability } from '../../catalog/prices/capabilities.js';
import type { ListedModel } from '../../route/listed-model.js';
import { type ModelShape, more } from './shape.js';

const UNKNOWN_DAY = '1970-01-01T00:00:00Z';

/** What Ollama calls what a model can do beside completing. */
const CAPABILITIES: readonly (readonly [Capability, string])[] = [
  ['tools', 'tools'],
  ['vision', 'vision'],
  ['reasoning', 'thinking'],
];

/**
 * `GET /api/tags` of https://github.com/ollama/ollama/blob/main/docs/api.md. Sizes and dates of files mean nothing for
 * models that run elsewhere; clients only show them.
 */
export const ollamaModels: ModelShape = {
  list: (models) => ({ models: models.map(ollamaModels.one) }),
  one: (model) => ({
    name: model.id,
    model: model.id,
    modified_at: UNKNOWN_DAY,
    size: 0,
    digest: createHash('sha256').update(model.id).digest('hex'),
    details: detailsOf(model),
    ...more(model),
  }),
};

/**
 * `POST /api/show` of the same: clients look there for the context window, below the name of the model's architecture, and
 * for what it can do before they send it tools, pictures or `think`.
 */
export const ollamaShown: ModelShape = {
  list: ollamaModels.list,
  one: (model) => ({
    modelfile: '',
    parameters: '',
    template: '',
    license: '',
    modified_at: UNKNOWN_DAY,
    details: detailsOf(model),
    model_info: {
      'general.architecture': model.ownedBy,
      ...(model.contextWindow !== null && { [`${model.ownedBy}.context_length`]: model.contextWindow }),
    },
    ...more(model),
    capabilities: capabilitiesOf(model),
  }),
};

function detailsOf({ ownedBy }: ListedModel): JsonObject {
  return {
    parent_model: '',
    format: '',
    family: ownedBy,
    families: [ownedBy],
    parameter_size: '',
    quantization_level: '',
  };
}

function capabilitiesOf({ mode, capabilities }: ListedModel): string[] {
  if (mode === 'embedding') return ['embedding'];
  const more = CAPABILITIES.filter(([capability]) => capabilities?.includes(capability) === true);
  return ['completion', ...more.map(([, name]) => name)];
}
