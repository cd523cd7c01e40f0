import { addUnits, emptyUsage, type JsonObject, type JsonValue, type Usage } from '@headgate/sdk';
import { count, isObject } from './read-json.js';

const NOTHING: JsonObject = {};

/** `input_tokens`, `output_tokens` and their details, as the Realtime API (`…_token_details`) and Responses (`…_tokens_details`) write them. */
export function usageWithDetails(raw: JsonObject): Usage {
  const input = detailsOf(raw, 'input');
  const output = detailsOf(raw, 'output');
  const usage = emptyUsage();
  usage.inputTokens = count(raw['input_tokens']);
  usage.outputTokens = count(raw['output_tokens']);
  usage.cacheReadTokens = count(input['cached_tokens']);
  usage.inputAudioTokens = count(input['audio_tokens']);
  usage.outputAudioTokens = count(output['audio_tokens']);
  usage.reasoningTokens = count(output['reasoning_tokens']);
  addUnits(usage, 'inputImageTokens', count(input['image_tokens']));
  addUnits(usage, 'outputImageTokens', count(output['image_tokens']));
  return usage;
}

/**
 * The same usage in two parts, what came from the prompt cache and all the rest, where it is known how much of the cached
 * input was audio: cached audio costs a fraction of fresh audio, and one usage cannot say how much of either it was.
 */
export function splitByCache(usage: Usage, cachedAudioTokens: number): Usage[] {
  const { cacheReadTokens, inputAudioTokens } = usage;
  const cachedAudio = Math.min(cachedAudioTokens, cacheReadTokens, inputAudioTokens);
  if (cacheReadTokens === 0 || inputAudioTokens === 0) return [usage];
  const cached: Usage = {
    ...emptyUsage(),
    inputTokens: cacheReadTokens,
    cacheReadTokens,
    inputAudioTokens: cachedAudio,
  };
  const rest: Usage = {
    ...usage,
    inputTokens: usage.inputTokens - cacheReadTokens,
    cacheReadTokens: 0,
    inputAudioTokens: inputAudioTokens - cachedAudio,
  };
  return [rest, cached];
}

/** Of `input_token_details.cached_tokens_details`; undefined when it is not told. */
export function cachedAudioOf(raw: JsonObject): number | undefined {
  const details = detailsOf(raw, 'input')['cached_tokens_details'];
  return isObject(details) ? count(details['audio_tokens']) : undefined;
}

function detailsOf(raw: JsonObject, side: 'input' | 'output'): JsonObject {
  return objectOr(raw[`${side}_token_details`] ?? raw[`${side}_tokens_details`]);
}

function objectOr(value: JsonValue | undefined): JsonObject {
  return isObject(value) ? value : NOTHING;
}
