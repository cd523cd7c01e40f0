import type { JsonObject, RequestCodec, ResponseCodec, WireFormat } from '@headgate/sdk';
import { emptyUsage } from '@headgate/sdk';
import { geminiError } from '../shared/gemini-error.js';
import { spelled } from '../shared/google-spelling.js';
import { count, optObject } from '../shared/read-json.js';
import { decodeRequest } from './request-decode.js';
import { encodeRequest } from './request-encode.js';
import { GEMINI_COUNT_TOKENS } from './types.js';

const KEYS = new Set(['generateContentRequest', 'contents']);
/** What Vertex AI lets stand beside the contents, and the Gemini API only inside of a whole request. */
const COUNTED = ['systemInstruction', 'tools'] as const;

/**
 * The Gemini API counts either bare `contents`, or all that a `generateContentRequest` holds; Vertex AI has its members
 * beside the contents. All three are read; instructions and tools are written in the form of the Gemini API.
 */
const request: RequestCodec = {
  decode(raw) {
    const body = spelled(raw, KEYS);
    const whole = optObject(body, 'generateContentRequest', '');
    return { ...decodeRequest(whole ?? body), origin: GEMINI_COUNT_TOKENS };
  },
  encode(canonical, context) {
    const body = encodeRequest(canonical, context);
    const counted: JsonObject = { contents: body['contents'] };
    for (const key of COUNTED) if (body[key] !== undefined) counted[key] = body[key];
    if (Object.keys(counted).length === 1) return counted;
    return { generateContentRequest: { model: `models/${context.model}`, ...counted } };
  },
};

/** `{ totalTokens }`: an answer without choices whose usage is all it says. */
const response: ResponseCodec = {
  decode(body: JsonObject) {
    const usage = emptyUsage();
    usage.inputTokens = count(body['totalTokens']);
    usage.cacheReadTokens = count(body['cachedContentTokenCount']);
    return {
      origin: GEMINI_COUNT_TOKENS,
      id: '',
      model: '',
      created: Math.floor(Date.now() / 1000),
      choices: [],
      usage,
    };
  },
  encode(canonical) {
    const json: JsonObject = { totalTokens: canonical.usage?.inputTokens ?? 0 };
    const cached = canonical.usage?.cacheReadTokens ?? 0;
    return cached > 0 ? { ...json, cachedContentTokenCount: cached } : json;
  },
};

/** `POST …/models/{model}:countTokens`, https://ai.google.dev/api/tokens. Counting is free, so nothing is metered. */
export const geminiCountTokens: WireFormat = {
  id: GEMINI_COUNT_TOKENS,
  operation: 'count-tokens',
  modelIn: 'path',
  requestIdHeader: 'x-request-id',
  request,
  response,
  error: geminiError,
  fields: [],
};
