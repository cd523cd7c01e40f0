import type { CanonicalRequest, JsonObject, ReasoningRequest, Warn } from '@headgate/sdk';
import { optWhole, spelled } from '../shared/google-spelling.js';
import { extraOf, optBoolean, optObject, optString } from '../shared/read-json.js';
import type { ModelTraits } from './model-traits.js';

type Effort = NonNullable<ReasoningRequest['effort']>;

const KEYS = new Set(['includeThoughts', 'thinkingBudget', 'thinkingLevel']);
const PATH = 'generationConfig.thinkingConfig';
const EFFORTS: Record<string, Effort> = { MINIMAL: 'minimal', LOW: 'low', MEDIUM: 'medium', HIGH: 'high' };
/** OpenAI's efforts as budgets of tokens. */
const BUDGETS: Record<Effort, number> = {
  none: 0,
  minimal: 1024,
  low: 2048,
  medium: 8192,
  high: 16_384,
  xhigh: 32_768,
  max: 65_536,
};

/**
 * `generationConfig.thinkingConfig`. A budget of 0 is off, -1 leaves it to the model. Undefined when it does not ask for
 * thinking, so that it is kept as it came.
 */
export function decodeThinking(generation: JsonObject): ReasoningRequest | undefined {
  const raw = optObject(generation, 'thinkingConfig', 'generationConfig');
  if (raw === undefined) return undefined;
  const config = spelled(raw, KEYS);
  const budget = optWhole(config, 'thinkingBudget', PATH);
  const level = optString(config, 'thinkingLevel', PATH)?.toUpperCase() ?? '';
  const shown = optBoolean(config, 'includeThoughts', PATH);
  const reasoning: ReasoningRequest = {};
  const extra: JsonObject = extraOf(config, KEYS) ?? {};
  if (shown !== undefined) extra['includeThoughts'] = shown;
  if (budget !== undefined) {
    reasoning.enabled = budget !== 0;
    if (budget > 0) reasoning.budgetTokens = budget;
    else if (budget < 0) extra['thinkingBudget'] = budget;
  }
  if (Object.hasOwn(EFFORTS, level)) {
    reasoning.enabled ??= true;
    reasoning.effort = EFFORTS[level] as Effort;
  } else if (level !== '') extra['thinkingLevel'] = level;
  if (reasoning.enabled === undefined && shown !== true) return undefined;
  if (Object.keys(extra).length > 0) reasoning.extra = extra;
  return reasoning;
}

/** Thinking of a request that was made for this API, as it came. */
function sameThinking(reasoning: ReasoningRequest): JsonObject {
  const config: JsonObject = {};
  if (reasoning.enabled === false) config['thinkingBudget'] = 0;
  if (reasoning.budgetTokens !== undefined) config['thinkingBudget'] = reasoning.budgetTokens;
  if (reasoning.effort !== undefined) config['thinkingLevel'] = reasoning.effort.toUpperCase();
  return { ...config, ...reasoning.extra };
}

function levelOf(effort: Effort, traits: ModelTraits): string {
  switch (effort) {
    case 'none':
    case 'minimal':
      return traits.minimal ? 'MINIMAL' : 'LOW';
    case 'low':
      return 'LOW';
    case 'medium':
      return traits.medium ? 'MEDIUM' : 'HIGH';
    default:
      return 'HIGH';
  }
}

function effortOfBudget(tokens: number): Effort {
  if (tokens <= 2048) return 'low';
  return tokens <= 8192 ? 'medium' : 'high';
}

function off(traits: ModelTraits, warn: Warn): JsonObject | undefined {
  if (traits.thinking === 'none') return undefined;
  if (traits.thinking === 'budget' && traits.budget.off) return { thinkingBudget: 0 };
  warn('reasoning', 'thinking cannot be switched off for this model; it thinks as little as it can');
  return traits.thinking === 'budget'
    ? { thinkingBudget: traits.budget.least }
    : { thinkingLevel: levelOf('none', traits) };
}

/** Thoughts count into the output here, so a budget must leave room for the answer. */
function withinLimit(budget: number, least: number, limit: number | undefined): number {
  return limit === undefined || budget < limit ? budget : Math.max(least, Math.floor(limit * 0.8));
}

/** Thinking for a request of another format. Thoughts are asked for, since such a client may read them. */
function fittedThinking(
  reasoning: ReasoningRequest,
  traits: ModelTraits,
  limit: number | undefined,
  warn: Warn,
): JsonObject | undefined {
  const { effort, budgetTokens } = reasoning;
  if (reasoning.enabled === false || effort === 'none') return off(traits, warn);
  if (traits.thinking === 'none') {
    warn('reasoning', 'this model does not think');
    return undefined;
  }
  if (traits.thinking === 'level') {
    const wanted = effort ?? (budgetTokens === undefined ? undefined : effortOfBudget(budgetTokens));
    return wanted === undefined
      ? { includeThoughts: true }
      : { thinkingLevel: levelOf(wanted, traits), includeThoughts: true };
  }
  const wanted = budgetTokens ?? (effort === undefined ? undefined : BUDGETS[effort]);
  const { least, most } = traits.budget;
  if (wanted === undefined) return { thinkingBudget: -1, includeThoughts: true };
  const budget = withinLimit(Math.min(most, Math.max(least, wanted)), least, limit);
  return { thinkingBudget: budget, includeThoughts: true };
}

/** `limit`: the most tokens of output that are asked for, if any. */
export function encodeThinking(
  request: CanonicalRequest,
  traits: ModelTraits,
  limit: number | undefined,
  same: boolean,
  warn: Warn,
): JsonObject | undefined {
  const { reasoning } = request;
  if (reasoning === undefined) return undefined;
  return same ? sameThinking(reasoning) : fittedThinking(reasoning, traits, limit, warn);
}
