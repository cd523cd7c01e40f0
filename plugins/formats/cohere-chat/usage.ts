import type { JsonObject, JsonValue, Usage } from '@headgate/sdk';
import { emptyUsage } from '@headgate/sdk';
import { count, isObject } from '../shared/read-json.js';

function countsOf(value: JsonValue | undefined): { input: number; output: number } | undefined {
  if (!isObject(value)) return undefined;
  const { input_tokens: input, output_tokens: output } = value;
  if (typeof input !== 'number' && typeof output !== 'number') return undefined;
  return { input: count(input), output: count(output) };
}

/**
 * `{ billed_units, tokens, cached_tokens }`. What is billed counts: `tokens` includes what Cohere itself puts around the
 * prompt and charges nobody for. Null when no tokens are told.
 */
export function cohereUsageFrom(raw: JsonObject): Usage | null {
  const counts = countsOf(raw['billed_units']) ?? countsOf(raw['tokens']);
  if (counts === undefined) return null;
  const usage = emptyUsage();
  usage.inputTokens = counts.input;
  usage.outputTokens = counts.output;
  // The cache may have served parts of the prompt that are not billed.
  usage.cacheReadTokens = Math.min(counts.input, count(raw['cached_tokens']));
  return usage;
}

/** The hub's usage as Cohere writes it; `kept` is what Cohere itself said. */
export function cohereUsage(usage: Usage | null, kept: JsonValue | undefined): JsonObject | undefined {
  if (isObject(kept)) return kept;
  if (usage === null) return undefined;
  const counts: JsonObject = { input_tokens: usage.inputTokens, output_tokens: usage.outputTokens };
  const json: JsonObject = { billed_units: counts, tokens: { ...counts } };
  if (usage.cacheReadTokens > 0) json['cached_tokens'] = usage.cacheReadTokens;
  return json;
}
