import { addUnits, emptyUsage, type JsonObject, type JsonValue, type Usage } from '@headgate/sdk';
import { count, isObject } from './read-json.js';
import { searchesSaid } from './server-tools.js';
import { serviceTierNamed } from './service-tier.js';

const NOTHING: JsonObject = {};

function objectOr(value: JsonValue | undefined): JsonObject {
  return isObject(value) ? value : NOTHING;
}

/**
 * `usage` of the OpenAI family, with the spellings of its relatives: DeepSeek's `prompt_cache_hit_tokens`, Moonshot's
 * top-level `cached_tokens`, LiteLLM's `cache_creation_input_tokens`, Perplexity's `num_search_queries`.
 *
 * @param tier `service_tier` of the answer, which stands beside its usage
 */
export function openaiUsageFrom(raw: JsonObject, tier?: JsonValue): Usage {
  const usage = emptyUsage();
  const input = objectOr(raw['prompt_tokens_details']);
  const output = objectOr(raw['completion_tokens_details']);
  usage.inputTokens = count(raw['prompt_tokens']);
  usage.outputTokens = count(raw['completion_tokens']);
  usage.cacheReadTokens =
    count(input['cached_tokens']) || count(raw['prompt_cache_hit_tokens']) || count(raw['cached_tokens']);
  usage.cacheWriteTokens = count(input['cache_write_tokens']) || count(raw['cache_creation_input_tokens']);
  usage.reasoningTokens = count(output['reasoning_tokens']) || count(raw['reasoning_tokens']);
  usage.inputAudioTokens = count(input['audio_tokens']);
  usage.outputAudioTokens = count(output['audio_tokens']);
  // xAI leaves reasoning out of `completion_tokens` but counts it in the total; the hub's totals include it.
  if (
    usage.reasoningTokens > 0 &&
    count(raw['total_tokens']) === usage.inputTokens + usage.outputTokens + usage.reasoningTokens
  )
    usage.outputTokens += usage.reasoningTokens;
  addUnits(usage, 'inputImageTokens', count(input['image_tokens']));
  addUnits(usage, 'outputImageTokens', count(output['image_tokens']));
  addUnits(usage, 'citationTokens', count(raw['citation_tokens']));
  addUnits(usage, 'webSearches', searchesSaid(raw));
  usage.serviceTier = serviceTierNamed(tier ?? raw['service_tier']);
  return usage;
}

/** True when the object holds counts at all; some servers send `usage: {}`. */
export function hasOpenaiCounts(raw: JsonObject): boolean {
  return (
    typeof raw['prompt_tokens'] === 'number' ||
    typeof raw['completion_tokens'] === 'number' ||
    typeof raw['total_tokens'] === 'number'
  );
}

/** The hub's usage as OpenAI writes it; members that OpenAI does not know are left out when zero. */
export function openaiUsage(usage: Usage): JsonObject {
  const input: JsonObject = { cached_tokens: usage.cacheReadTokens, audio_tokens: usage.inputAudioTokens };
  const written = usage.cacheWriteTokens + usage.cacheWriteLongTokens;
  if (written > 0) input['cache_write_tokens'] = written;
  return {
    prompt_tokens: usage.inputTokens,
    completion_tokens: usage.outputTokens,
    total_tokens: usage.inputTokens + usage.outputTokens,
    prompt_tokens_details: input,
    completion_tokens_details: {
      reasoning_tokens: usage.reasoningTokens,
      audio_tokens: usage.outputAudioTokens,
    },
  };
}
