import { claudeModel } from '../shared/claude-models.js';

/** What a Claude model accepts, as far as it differs between models. Other servers' models get the general rules. */
export interface ModelTraits {
  /** `thinking: { type: 'adaptive' }` with an effort, instead of a budget of tokens. */
  adaptive: boolean;
  /** Thinking cannot be switched off. */
  alwaysThinks: boolean;
  /** `tool_choice` of `any` and `tool` is refused. */
  noForcedTools: boolean;
  /** `temperature`, `top_p` and `top_k` are refused. */
  noSampling: boolean;
  /** `temperature` and `top_p` exclude each other. */
  oneOfTemperatureAndTopP: boolean;
  /** `output_config.format` and strict tools are understood. */
  structured: boolean;
}

/** Not a Claude model: DeepSeek, Moonshot and others speak this API with their own models. */
const OTHER: ModelTraits = {
  adaptive: false,
  alwaysThinks: false,
  noForcedTools: false,
  noSampling: false,
  oneOfTemperatureAndTopP: false,
  structured: true,
};

export function modelTraits(model: string): ModelTraits {
  const claude = claudeModel(model);
  if (claude === undefined) return OTHER;
  const { family, version, adaptive, alwaysThinks, noSampling, oneOfTemperatureAndTopP } = claude;
  const other = family === 'fable' || family === 'mythos';
  return {
    adaptive,
    alwaysThinks,
    noForcedTools: alwaysThinks && version >= 51,
    noSampling,
    oneOfTemperatureAndTopP,
    structured: other || version >= 45 || (family === 'opus' && version === 41),
  };
}
