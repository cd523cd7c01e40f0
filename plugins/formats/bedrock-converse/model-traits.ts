import { claudeModel } from '../shared/claude-models.js';

/** Whose model it is, as far as requests differ; '' when the id does not say (ARNs of inference profiles, prompts). */
export type Family = 'anthropic' | 'nova' | 'openai' | 'mistral' | 'cohere' | 'other' | '';

/** What a model on Bedrock accepts beyond what all of them do. */
export interface ModelTraits {
  family: Family;
  /** Cache points in messages and the system prompt, and among tools. */
  cache: boolean;
  cacheTools: boolean;
  /** `outputConfig.textFormat` and strict tools. */
  structured: boolean;
  /** How its reasoning is asked for; `none` when it cannot be. */
  reasoning: 'budget' | 'adaptive' | 'nova' | 'effort-field' | 'effort-object' | 'none';
  /** Reasoning cannot be switched off. */
  alwaysThinks: boolean;
  /** `any` and `tool` are refused as a choice. */
  noForcedTools: boolean;
  /** `temperature` and `topP` are refused; of `one` only one may be set. */
  sampling: 'both' | 'one' | 'none';
  stopSequences: boolean;
  /** The most that `temperature` may be. */
  maxTemperature: number;
}

const GENERAL: ModelTraits = {
  family: 'other',
  cache: false,
  cacheTools: false,
  structured: true,
  reasoning: 'none',
  alwaysThinks: false,
  noForcedTools: false,
  sampling: 'both',
  stopSequences: true,
  maxTemperature: 1,
};

/** The general rules, but for what may well be a Claude model. */
const UNKNOWN: ModelTraits = { ...GENERAL, family: '', cache: true, cacheTools: true };

/** Bedrock caches prompts since 3.5 and checks the schemas of answers and tools from 4.5 to 4.6; of newer models it refuses them. */
function claudeTraits(model: string): ModelTraits {
  const found = claudeModel(model);
  if (found === undefined) return { ...UNKNOWN, family: 'anthropic', structured: false };
  const { family, version, adaptive, alwaysThinks, noSampling, oneOfTemperatureAndTopP } = found;
  const other = family === 'fable' || family === 'mythos';
  return {
    ...GENERAL,
    family: 'anthropic',
    cache: other || version >= 35,
    cacheTools: other || version >= 35,
    structured: !other && (version === 45 || version === 46),
    reasoning: adaptive ? 'adaptive' : version >= 37 ? 'budget' : 'none',
    alwaysThinks,
    noForcedTools: alwaysThinks,
    sampling: noSampling ? 'none' : oneOfTemperatureAndTopP ? 'one' : 'both',
  };
}

/** By the model's id, of whatever region: `us.anthropic.claude-sonnet-4-5-20250929-v1:0`, or an ARN that ends with it. */
export function modelTraits(model: string): ModelTraits {
  const id = model.toLowerCase();
  if (id.includes('claude')) return claudeTraits(id);
  if (id.includes('amazon.nova'))
    return {
      ...GENERAL,
      family: 'nova',
      cache: true,
      structured: false,
      reasoning: id.includes('nova-2') ? 'nova' : 'none',
    };
  if (id.includes('openai.gpt-oss'))
    return { ...GENERAL, family: 'openai', reasoning: 'effort-field', stopSequences: false };
  if (id.includes('openai.'))
    return {
      ...GENERAL,
      family: 'openai',
      reasoning: 'effort-object',
      sampling: 'none',
      stopSequences: false,
      maxTemperature: 2,
    };
  if (id.includes('mistral.')) return { ...GENERAL, family: 'mistral' };
  if (id.includes('cohere.')) return { ...GENERAL, family: 'cohere', structured: false };
  if (/\b(meta|ai21|writer|amazon)\./.test(id)) return { ...GENERAL, structured: false };
  return /\b(deepseek|qwen|moonshot|moonshotai|minimax|google|nvidia|zai)\./.test(id) ? GENERAL : UNKNOWN;
}
