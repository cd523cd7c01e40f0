import type { CanonicalRequest, EncodeContext, JsonObject, RequestCodec } from '@headgate/sdk';
import { decodeSettings, encodeSettings } from '../shared/ollama-settings.js';
import { warnOnce } from '../shared/warn-once.js';
import { decodePrompt, encodePrompt } from './prompt.js';
import { OLLAMA_GENERATE, REQUEST_KEYS } from './types.js';

function decode(body: JsonObject): CanonicalRequest {
  return decodeSettings(body, OLLAMA_GENERATE, decodePrompt(body), REQUEST_KEYS);
}

function encode(request: CanonicalRequest, context: EncodeContext): JsonObject {
  const same = request.origin === OLLAMA_GENERATE;
  const warn = warnOnce(context.warn);
  const { options: _, ...extra } = (same ? request.extra : undefined) ?? {};
  const body: JsonObject = { ...extra, model: context.model };
  encodePrompt(body, request.messages, warn);
  if (request.tools !== undefined && request.toolChoice?.mode !== 'none')
    warn('tools', 'not part of this format');
  encodeSettings(body, request, same, warn);
  return body;
}

export const ollamaGenerateRequest: RequestCodec = { decode, encode };
