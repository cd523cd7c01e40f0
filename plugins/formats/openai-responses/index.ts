import type { WireFormat } from '@headgate/sdk';
import { OBJECT_IDS } from '../shared/openai-object-ids.js';
import { scannedInteger, scannedString } from '../shared/scanned-field.js';
import { serviceTierAsked } from '../shared/service-tier.js';
import { endOfAnswer, endOfEvents } from './answer-end.js';
import { openaiResponsesError } from './error.js';
import { openaiResponsesMeter } from './meter.js';
import { openaiResponsesRequest } from './request.js';
import { openaiResponsesResponse } from './response.js';
import { serverToolItems } from './server-tool-items.js';
import { openaiResponsesState, STATE_FIELDS } from './state.js';
import { openaiResponsesStream } from './stream.js';
import { OPENAI_RESPONSES } from './types.js';

export { openaiInputTokens } from './input-tokens.js';

/** `POST /v1/responses`, https://platform.openai.com/docs/api-reference/responses. Its streams always carry usage. */
export const openaiResponses: WireFormat = {
  id: OPENAI_RESPONSES,
  operation: 'chat',
  requestIdHeader: 'x-request-id',
  request: openaiResponsesRequest,
  response: openaiResponsesResponse,
  stream: openaiResponsesStream,
  error: openaiResponsesError,
  meter: openaiResponsesMeter,
  answerWords: { finish: { whole: endOfAnswer, events: endOfEvents }, calls: ['function_call'] },
  // See shared/reasoning-seal.ts.
  foreignSeals: ['"hg1:{'],
  state: openaiResponsesState,
  toolRuns: { between: '', items: serverToolItems },
  fields: ['max_output_tokens', 'user', 'safety_identifier', 'service_tier', ...STATE_FIELDS],
  objectIds: OBJECT_IDS,
  maxOutputTokens: (fields) => scannedInteger(fields.json('max_output_tokens')),
  serviceTier: (fields) => serviceTierAsked(fields),
  user: (fields) => scannedString(fields.json('user')) ?? scannedString(fields.json('safety_identifier')),
};
