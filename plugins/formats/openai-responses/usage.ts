import type { JsonObject, Usage } from '@headgate/sdk';

/** Members of `usage` that the hub counts; the others are kept as they came. */
export const USAGE_KEYS: ReadonlySet<string> = new Set([
  'input_tokens',
  'input_tokens_details',
  'output_tokens',
  'output_tokens_details',
  'total_tokens',
]);

/** True when the object holds counts at all. */
export function hasResponsesCounts(raw: JsonObject): boolean {
  return typeof raw['input_tokens'] === 'number' || typeof raw['output_tokens'] === 'number';
}

/** The hub's usage as this API writes it; audio, which it does not document, is left out when zero. */
export function responsesUsage(usage: Usage): JsonObject {
  const input: JsonObject = {
    cached_tokens: usage.cacheReadTokens,
    cache_write_tokens: usage.cacheWriteTokens + usage.cacheWriteLongTokens,
  };
  if (usage.inputAudioTokens > 0) input['audio_tokens'] = usage.inputAudioTokens;
  const output: JsonObject = { reasoning_tokens: usage.reasoningTokens };
  if (usage.outputAudioTokens > 0) output['audio_tokens'] = usage.outputAudioTokens;
  return {
    input_tokens: usage.inputTokens,
    input_tokens_details: input,
    output_tokens: usage.outputTokens,
    output_tokens_details: output,
    total_tokens: usage.inputTokens + usage.outputTokens,
  };
}
