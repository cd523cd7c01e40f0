import type { EncodeContext, JsonObject, RequestCodec, ResponseCodec, WireFormat } from '@headgate/sdk';
import { countableMessages, countedAnswer, countOf } from '../shared/countable.js';
import { geminiError } from '../shared/gemini-error.js';
import { spelled } from '../shared/google-spelling.js';
import { count, optObject } from '../shared/read-json.js';
import { decodeRequest } from './request-decode.js';
import { encodeRequest } from './request-encode.js';
import { GEMINI_COUNT_TOKENS, isGemini, VERTEX_COUNT_TOKENS } from './types.js';

const KEYS = new Set(['generateContentRequest', 'contents']);
/** What Vertex AI lets stand beside the contents, and the Gemini API only inside of a whole request. */
const COUNTED = ['systemInstruction', 'tools'] as const;

/**
 * The Gemini API counts either bare `contents`, or all that a `generateContentRequest` holds; Vertex AI has its members
 * beside the contents. All three are read from any client.
 */
function decoded(raw: JsonObject): ReturnType<typeof decodeRequest> {
  const body = spelled(raw, KEYS);
  return decodeRequest(optObject(body, 'generateContentRequest', '') ?? body);
}

/** The contents, and the instructions and tools if there are any. */
function counted(canonical: Parameters<RequestCodec['encode']>[0], context: EncodeContext): JsonObject {
  const own = isGemini(canonical.origin);
  const body = encodeRequest(own ? canonical : countableMessages(canonical), context);
  const members: JsonObject = { contents: body['contents'] };
  for (const key of COUNTED) if (body[key] !== undefined) members[key] = body[key];
  return members;
}

const request: RequestCodec = {
  decode: (raw) => ({ ...decoded(raw), origin: GEMINI_COUNT_TOKENS }),
  encode(canonical, context) {
    const members = counted(canonical, context);
    if (Object.keys(members).length === 1) return members;
    return { generateContentRequest: { model: `models/${context.model}`, ...members } };
  },
};

const vertexRequest: RequestCodec = {
  decode: (raw) => ({ ...decoded(raw), origin: VERTEX_COUNT_TOKENS }),
  encode: counted,
};

/** `{ totalTokens }`: an answer without choices whose usage is all it says. */
function responseOf(id: string): ResponseCodec {
  return {
    decode: (body) => countedAnswer(id, count(body['totalTokens']), count(body['cachedContentTokenCount'])),
    encode(canonical) {
      const json: JsonObject = { totalTokens: countOf(canonical) };
      const cached = canonical.usage?.cacheReadTokens ?? 0;
      return cached > 0 ? { ...json, cachedContentTokenCount: cached } : json;
    },
  };
}

/** `POST …/models/{model}:countTokens`, https://ai.google.dev/api/tokens. Counting is free, so nothing is metered. */
export const geminiCountTokens: WireFormat = {
  id: GEMINI_COUNT_TOKENS,
  operation: 'count-tokens',
  modelIn: 'path',
  requestIdHeader: 'x-request-id',
  request,
  response: responseOf(GEMINI_COUNT_TOKENS),
  error: geminiError,
  fields: [],
};

/** The same at Vertex AI, https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/count-tokens. */
export const vertexCountTokens: WireFormat = {
  ...geminiCountTokens,
  id: VERTEX_COUNT_TOKENS,
  request: vertexRequest,
  response: responseOf(VERTEX_COUNT_TOKENS),
};
