import type { RequestCodec, ResponseCodec, WireFormat } from '@headgate/sdk';
import { countable, countedAnswer, countOf } from '../shared/countable.js';
import { count } from '../shared/read-json.js';
import { anthropicError } from './error.js';
import { OBJECT_IDS } from './object-ids.js';
import { decodeRequest } from './request-decode.js';
import { encodeRequest } from './request-encode.js';
import { ANTHROPIC_COUNT_TOKENS } from './types.js';
import { userOf } from './user.js';

/** Members of a request for an answer that counting does not take. */
const ANSWER_ONLY = [
  'max_tokens',
  'stream',
  'temperature',
  'top_p',
  'top_k',
  'stop_sequences',
  'metadata',
  'service_tier',
];

const request: RequestCodec = {
  decode: (body) => ({ ...decodeRequest(body), origin: ANTHROPIC_COUNT_TOKENS }),
  encode(canonical, context) {
    const body = encodeRequest(countable(canonical), context);
    for (const key of ANSWER_ONLY) delete body[key];
    return body;
  },
};

/** `{ input_tokens }`: an answer without choices whose usage is all it says. */
const response: ResponseCodec = {
  decode: (body) => countedAnswer(ANTHROPIC_COUNT_TOKENS, count(body['input_tokens'])),
  encode: (canonical) => ({ input_tokens: countOf(canonical) }),
};

/**
 * `POST /v1/messages/count_tokens`, https://docs.anthropic.com/en/api/messages-count-tokens. Counting is free, so
 * nothing is metered.
 */
export const anthropicCountTokens: WireFormat = {
  id: ANTHROPIC_COUNT_TOKENS,
  operation: 'count-tokens',
  requestIdHeader: 'request-id',
  request,
  response,
  error: anthropicError,
  fields: ['metadata'],
  objectIds: OBJECT_IDS,
  user: userOf,
};
