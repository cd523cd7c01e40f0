import { addUnits, emptyUsage, type JsonObject, type JsonValue, type Usage } from '@headgate/sdk';
import { count, extraOf, isObject } from '../shared/read-json.js';
import { serviceTierNamed } from '../shared/service-tier.js';

/** Counts that the hub says itself; details, tool use and traffic types are kept as they came. */
const SAID = new Set([
  'promptTokenCount',
  'candidatesTokenCount',
  'thoughtsTokenCount',
  'cachedContentTokenCount',
  'totalTokenCount',
]);

/** Tokens of one modality in a list of `{ modality, tokenCount }`. */
export function ofModality(details: JsonValue | undefined, modality: string): number {
  if (!Array.isArray(details)) return 0;
  let tokens = 0;
  for (const one of details)
    if (isObject(one) && one['modality'] === modality) tokens += count(one['tokenCount']);
  return tokens;
}

/**
 * `usageMetadata`. The prompt includes what came from the cache; what tools found counts as input beside it, and
 * thoughts count as output beside the candidates.
 */
export function geminiUsageFrom(raw: JsonObject): Usage {
  const usage = emptyUsage();
  const prompt = count(raw['promptTokenCount']);
  const candidates = count(raw['candidatesTokenCount']);
  const tools = count(raw['toolUsePromptTokenCount']);
  usage.reasoningTokens = count(raw['thoughtsTokenCount']);
  usage.inputTokens = prompt + tools;
  // Some models count thoughts into the candidates; the total tells.
  const included =
    usage.reasoningTokens > 0 &&
    candidates >= usage.reasoningTokens &&
    count(raw['totalTokenCount']) === prompt + tools + candidates;
  usage.outputTokens = included ? candidates : candidates + usage.reasoningTokens;
  usage.cacheReadTokens = count(raw['cachedContentTokenCount']);
  usage.inputAudioTokens =
    ofModality(raw['promptTokensDetails'], 'AUDIO') + ofModality(raw['toolUsePromptTokensDetails'], 'AUDIO');
  usage.outputAudioTokens = ofModality(raw['candidatesTokensDetails'], 'AUDIO');
  addUnits(usage, 'inputImageTokens', ofModality(raw['promptTokensDetails'], 'IMAGE'));
  addUnits(usage, 'outputImageTokens', ofModality(raw['candidatesTokensDetails'], 'IMAGE'));
  addUnits(usage, 'cachedImageTokens', ofModality(raw['cacheTokensDetails'], 'IMAGE'));
  addUnits(usage, 'inputVideoTokens', ofModality(raw['promptTokensDetails'], 'VIDEO'));
  addUnits(usage, 'outputVideoTokens', ofModality(raw['candidatesTokensDetails'], 'VIDEO'));
  usage.serviceTier = serviceTierNamed(raw['serviceTier'] ?? raw['trafficType']);
  return usage;
}

export function hasGeminiCounts(raw: JsonObject): boolean {
  return (
    typeof raw['promptTokenCount'] === 'number' ||
    typeof raw['candidatesTokenCount'] === 'number' ||
    typeof raw['totalTokenCount'] === 'number'
  );
}

export function usageRest(raw: JsonObject): JsonObject | undefined {
  return extraOf(raw, SAID);
}

function split(total: number, audio: number): JsonObject[] {
  return [
    { modality: 'TEXT', tokenCount: total - audio },
    { modality: 'AUDIO', tokenCount: audio },
  ];
}

/** The hub's usage as Gemini writes it, which leaves out what is zero. `rest`: members of the provider's own. */
export function geminiUsage(usage: Usage, rest: JsonObject): JsonObject {
  const tools = count(rest['toolUsePromptTokenCount']);
  const candidates = Math.max(0, usage.outputTokens - usage.reasoningTokens);
  const prompt = Math.max(0, usage.inputTokens - tools);
  const json: JsonObject = { promptTokenCount: prompt };
  if (candidates > 0) json['candidatesTokenCount'] = candidates;
  json['totalTokenCount'] = usage.inputTokens + usage.outputTokens;
  if (usage.cacheReadTokens > 0) json['cachedContentTokenCount'] = usage.cacheReadTokens;
  if (usage.reasoningTokens > 0) json['thoughtsTokenCount'] = usage.reasoningTokens;
  if (usage.inputAudioTokens > 0) json['promptTokensDetails'] = split(prompt, usage.inputAudioTokens);
  if (usage.outputAudioTokens > 0)
    json['candidatesTokensDetails'] = split(candidates, usage.outputAudioTokens);
  return { ...json, ...rest };
}
