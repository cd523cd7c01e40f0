import type { CanonicalRequest, EncodeContext, JsonObject, RequestCodec } from '@headgate/sdk';
import { decodeSettings, encodeSettings } from '../shared/ollama-settings.js';
import { warnOfUnsaid } from '../shared/unsaid.js';
import { warnOnce } from '../shared/warn-once.js';
import { decodeMessages } from './messages-decode.js';
import { encodeMessages } from './messages-encode.js';
import { decodeTools, encodeTools } from './tools.js';
import { OLLAMA_CHAT, REQUEST_KEYS } from './types.js';

function decode(body: JsonObject): CanonicalRequest {
  const request = decodeSettings(body, OLLAMA_CHAT, decodeMessages(body), REQUEST_KEYS);
  const tools = decodeTools(body);
  if (tools !== undefined) request.tools = tools;
  return request;
}

function encode(request: CanonicalRequest, context: EncodeContext): JsonObject {
  const same = request.origin === OLLAMA_CHAT;
  const warn = warnOnce(context.warn);
  const { options: _, ...extra } = (same ? request.extra : undefined) ?? {};
  const body: JsonObject = {
    ...extra,
    model: context.model,
    messages: encodeMessages(request.messages, same, warn),
  };
  if (!same)
    warnOfUnsaid(request.messages, ['name', 'citations', 'document', 'cache_control', 'is_error'], warn);
  const tools = encodeTools(request, same, warn);
  if (tools !== undefined) body['tools'] = tools;
  encodeSettings(body, request, same, warn);
  return body;
}

export const ollamaChatRequest: RequestCodec = { decode, encode };
