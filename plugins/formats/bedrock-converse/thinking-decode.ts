import type { JsonObject, ReasoningRequest } from '@headgate/sdk';
import { isObject } from '../shared/read-json.js';

/**
 * How a request of this API asks for reasoning: in fields of the model's own, each family in its words, and for some
 * models in `outputConfig.effort`.
 */

type Effort = NonNullable<ReasoningRequest['effort']>;

const EFFORTS = new Set(['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max']);

/** Members of `additionalModelRequestFields` that speak about reasoning. */
const FIELDS = [
  'thinking',
  'reasoning_config',
  'reasoningConfig',
  'reasoning_effort',
  'reasoning',
  'output_config',
];
/** Where `outputConfig.effort` is remembered among them. */
export const OUTPUT_EFFORT = 'outputConfig.effort';

function setEffort(reasoning: ReasoningRequest, value: JsonObject[string]): void {
  if (typeof value === 'string' && EFFORTS.has(value)) reasoning.effort = value as Effort;
}

function setBudget(reasoning: ReasoningRequest, object: JsonObject): void {
  if (typeof object['type'] === 'string') reasoning.enabled = object['type'] !== 'disabled';
  const budget = object['budget_tokens'] ?? object['budgetTokens'];
  if (typeof budget === 'number' && Number.isSafeInteger(budget)) reasoning.budgetTokens = budget;
  setEffort(reasoning, object['maxReasoningEffort']);
}

/** The hub's members of what was said, which is kept in `extra` as it came. Undefined when nothing was. */
export function reasoningOf(said: JsonObject): ReasoningRequest | undefined {
  if (Object.keys(said).length === 0) return undefined;
  const reasoning: ReasoningRequest = {};
  for (const key of Object.keys(said)) {
    const value = said[key];
    if (key === 'reasoning_effort' || key === OUTPUT_EFFORT) setEffort(reasoning, value);
    else if (!isObject(value)) continue;
    else if (key === 'reasoning' || key === 'output_config') setEffort(reasoning, value['effort']);
    else setBudget(reasoning, value);
  }
  if (reasoning.effort === 'none') reasoning.enabled ??= false;
  reasoning.extra = said;
  return reasoning;
}

/** Takes the members about reasoning out of `fields`. */
export function takeReasoning(
  fields: JsonObject,
  outputEffort: string | undefined,
): ReasoningRequest | undefined {
  const said: JsonObject = {};
  for (const key of FIELDS) {
    const value = fields[key];
    if (value === undefined || value === null) continue;
    said[key] = value;
    delete fields[key];
  }
  if (outputEffort !== undefined) said[OUTPUT_EFFORT] = outputEffort;
  return reasoningOf(said);
}

/** What came from this API, unless a hook asked for something else since. */
export function saidBefore(reasoning: ReasoningRequest): JsonObject | undefined {
  const said = reasoning.extra;
  const before = said === undefined ? undefined : reasoningOf(said);
  if (before === undefined) return undefined;
  const changed =
    before.effort !== reasoning.effort ||
    before.enabled !== reasoning.enabled ||
    before.budgetTokens !== reasoning.budgetTokens;
  return changed ? undefined : said;
}
