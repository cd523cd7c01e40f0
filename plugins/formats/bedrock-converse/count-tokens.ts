import type { CanonicalRequest, JsonObject, RequestCodec, ResponseCodec, WireFormat } from '@headgate/sdk';
import { MalformedBody } from '@headgate/sdk';
import { bedrockError } from '../shared/bedrock-error.js';
import { countableMessages, countedAnswer, countOf } from '../shared/countable.js';
import { count, needObject, optObject } from '../shared/read-json.js';
import { converseOf } from './invoked-body.js';
import { decodeRequest } from './request-decode.js';
import { encodeRequest } from './request-encode.js';
import { BEDROCK_CONVERSE } from './types.js';

/** Wire format id of `POST /model/{modelId}/count-tokens`. */
export const BEDROCK_COUNT_TOKENS = 'bedrock-count-tokens';

/** What a Converse request to be counted may hold. */
const COUNTED = ['messages', 'system', 'toolConfig', 'additionalModelRequestFields'] as const;

function decode(body: JsonObject): CanonicalRequest {
  const input = needObject(body, 'input', '');
  const converse = optObject(input, 'converse', 'input');
  if (converse !== undefined) return decodeRequest(converse);
  const invoked = optObject(input, 'invokeModel', 'input');
  if (invoked === undefined) throw new MalformedBody("'input' must hold converse or invokeModel", 'input');
  return decodeRequest(converseOf(invoked));
}

/** The codecs of Converse know its requests by their origin, which therefore stays. */
const request: RequestCodec = {
  decode,
  encode(canonical, context) {
    const own = canonical.origin === BEDROCK_CONVERSE;
    const body = encodeRequest(own ? canonical : countableMessages(canonical), context);
    const converse: JsonObject = {};
    for (const key of COUNTED) if (body[key] !== undefined) converse[key] = body[key];
    return { input: { converse } };
  },
};

/** `{ inputTokens }`: an answer without choices whose usage is all it says. */
const response: ResponseCodec = {
  decode: (body) => countedAnswer(BEDROCK_COUNT_TOKENS, count(body['inputTokens'])),
  encode: (canonical) => ({ inputTokens: countOf(canonical) }),
};

/**
 * `POST /model/{modelId}/count-tokens`, https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_CountTokens.html.
 * Counting is free, so nothing is metered.
 */
export const bedrockCountTokens: WireFormat = {
  id: BEDROCK_COUNT_TOKENS,
  operation: 'count-tokens',
  modelIn: 'path',
  requestIdHeader: 'x-amzn-requestid',
  request,
  response,
  error: bedrockError,
  fields: [],
};
