import type { ReasoningRequest, Sampling, Warn } from '@headgate/sdk';

/** What one of OpenAI's models takes, by its name. */
export interface OpenaiModel {
  /** It reasons, and takes an effort. */
  reasons: boolean;
  /** It may be told not to, and then takes what others do (since 5.1). */
  reasonsNot: boolean;
}

const REASONS = /^(?:o\d|gpt-(\d+)(?:\.(\d+))?|codex-)/;
const OTHERS = /^(?:gpt-(?:3|4)|chatgpt-)/;

/** Undefined for names that say nothing: deployments of Azure, models of others. `openai/gpt-5` is as `gpt-5`. */
export function openaiModel(name: string): OpenaiModel | undefined {
  const model = name.toLowerCase().slice(name.lastIndexOf('/') + 1);
  if (OTHERS.test(model)) return { reasons: false, reasonsNot: false };
  const [found, major, minor] = REASONS.exec(model) ?? [];
  if (found === undefined || Number(major ?? 5) < 5) return undefined;
  if (model.includes('-chat')) return { reasons: false, reasonsNot: false };
  // `gpt-oss` and the like run anywhere.
  return { reasons: true, reasonsNot: Number(major ?? 0) > 5 || Number(minor ?? 0) >= 1 };
}

/** What is refused with 400 beside reasoning, and the value of each that says no more than leaving it out. */
const REFUSED: readonly (readonly [keyof Sampling, string, unknown])[] = [
  ['temperature', 'temperature', 1],
  ['topP', 'top_p', 1],
  ['frequencyPenalty', 'frequency_penalty', 0],
  ['presencePenalty', 'presence_penalty', 0],
  ['logprobs', 'logprobs', undefined],
  ['logitBias', 'logit_bias', undefined],
  ['stop', 'stop', undefined],
];

/**
 * Sampling as the model takes it, for requests that were not written for it. Models that reason refuse most of it, also when
 * it says what holds anyway, https://platform.openai.com/docs/guides/latest-model#parameter-compatibility.
 */
export function sampled(
  model: OpenaiModel | undefined,
  sampling: Sampling,
  reasoning: ReasoningRequest | undefined,
  warn: Warn,
): Sampling {
  if (model?.reasons !== true || (model.reasonsNot && reasoning?.effort === 'none')) return sampling;
  const left: Sampling = { ...sampling };
  for (const [key, name, usual] of REFUSED) {
    if (left[key] === undefined) continue;
    if (left[key] !== usual) warn(name, 'models that reason refuse it');
    delete left[key];
  }
  return left;
}

/** The effort as the model takes it; undefined for one that does not reason. */
export function reasoned(
  model: OpenaiModel | undefined,
  reasoning: ReasoningRequest | undefined,
  warn: Warn,
): ReasoningRequest | undefined {
  if (reasoning === undefined || model === undefined || model.reasons) return reasoning;
  if (reasoning.enabled !== false && reasoning.effort !== 'none')
    warn('reasoning', 'this model does not reason');
  return undefined;
}

/** Anthropic's budgets in OpenAI's words; `xhigh` and `max` are left to clients that name them. */
export function effortOfBudget(tokens: number): ReasoningRequest['effort'] {
  if (tokens <= 2048) return 'low';
  return tokens <= 8192 ? 'medium' : 'high';
}
