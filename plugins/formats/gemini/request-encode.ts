import type { CanonicalRequest, EncodeContext, JsonObject, Warn } from '@headgate/sdk';
import { warnOfUnsaid } from '../shared/unsaid.js';
import { warnOnce } from '../shared/warn-once.js';
import { callNames, encodeContents } from './contents-encode.js';
import { encodeGeneration } from './generation-encode.js';
import { modelTraits } from './model-traits.js';
import type { PartContext } from './parts-encode.js';
import { encodeTools } from './tools.js';
import { isGemini } from './types.js';

/** Google's tiers; undefined where the word of another format says no more than the default. */
function tierOf(tier: string, same: boolean, warn: Warn): string | undefined {
  if (same || tier === 'flex' || tier === 'priority') return tier;
  if (tier !== 'auto' && tier !== 'default' && tier !== 'standard' && tier !== 'standard_only')
    warn('service_tier', `no tier '${tier}' in this format`);
  return undefined;
}

function warnOfRest(request: CanonicalRequest, warn: Warn): void {
  if (request.user !== undefined) warn('user', 'the end user cannot be named in this format');
  if (request.metadata !== undefined) warn('metadata', 'not part of this format');
  if (request.extra !== undefined)
    for (const key of Object.keys(request.extra)) warn(key, 'not part of this format');
}

/** The model and the stream stand in the path, so the body says neither. */
export function encodeRequest(request: CanonicalRequest, context: EncodeContext): JsonObject {
  const same = isGemini(request.origin);
  const warn = warnOnce(context.warn);
  const traits = modelTraits(context.model);
  const { generationConfig: _, toolConfig: __, ...extra } = (same ? request.extra : undefined) ?? {};
  const parts: PartContext = {
    same,
    warn,
    answer: false,
    mediaInResults: traits.mediaInResults,
    resolutions: traits.resolutions,
    nameOf: callNames(request.messages),
  };
  if (!same) warnOfUnsaid(request.messages, ['name', 'citations', 'document', 'cache_control'], warn);
  const { systemInstruction, contents } = encodeContents(request.messages, parts, traits);
  const body: JsonObject = { ...extra };
  if (systemInstruction !== undefined) body['systemInstruction'] = systemInstruction;
  body['contents'] = contents;
  encodeTools(body, request, same, warn);
  const generation = encodeGeneration(request, traits, context.maxOutputTokens, same, warn);
  if (generation !== undefined) body['generationConfig'] = generation;
  if (same && request.metadata !== undefined) body['labels'] = request.metadata;
  const tier = request.serviceTier === undefined ? undefined : tierOf(request.serviceTier, same, warn);
  if (tier !== undefined) body['serviceTier'] = tier;
  if (!same) warnOfRest(request, warn);
  return body;
}
