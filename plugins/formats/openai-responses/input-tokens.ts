import type { JsonObject, RequestCodec, ResponseCodec, WireFormat } from '@headgate/sdk';
import { countable, countedAnswer, countOf } from '../shared/countable.js';
import { count } from '../shared/read-json.js';
import { openaiResponsesError } from './error.js';
import { decodeRequest } from './request-decode.js';
import { encodeRequest } from './request-encode.js';
import { openaiResponsesState, STATE_FIELDS } from './state.js';

/** Wire format id of `POST /v1/responses/input_tokens`. */
export const OPENAI_INPUT_TOKENS = 'openai-input-tokens';

/** Members that are counted; the others of a request for an answer are refused. */
const COUNTED = [
  'model',
  'instructions',
  'input',
  'conversation',
  'previous_response_id',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'reasoning',
  'text',
  'truncation',
  'personality',
] as const;

/** The codecs of Responses know its requests by their origin, which therefore stays. */
const request: RequestCodec = {
  decode: decodeRequest,
  encode(canonical, context) {
    const body = encodeRequest(countable(canonical), context);
    const members: JsonObject = {};
    for (const key of COUNTED) if (body[key] !== undefined) members[key] = body[key];
    return members;
  },
};

/** `{ object, input_tokens }`: an answer without choices whose usage is all it says. */
const response: ResponseCodec = {
  decode: (body) => countedAnswer(OPENAI_INPUT_TOKENS, count(body['input_tokens'])),
  encode: (canonical) => ({ object: 'response.input_tokens', input_tokens: countOf(canonical) }),
};

/**
 * `POST /v1/responses/input_tokens`, https://platform.openai.com/docs/api-reference/responses/input-tokens. Counting is
 * free, so nothing is metered, and nothing is kept of it; but what it goes on from is counted too.
 */
export const openaiInputTokens: WireFormat = {
  id: OPENAI_INPUT_TOKENS,
  operation: 'count-tokens',
  requestIdHeader: 'x-request-id',
  request,
  response,
  error: openaiResponsesError,
  state: {
    ...openaiResponsesState,
    asked: (fields) => ({ ...openaiResponsesState.asked(fields), store: false, background: false }),
  },
  fields: STATE_FIELDS,
};
