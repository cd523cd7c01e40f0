import type { ScannedFields, WireFormat } from '@headgate/sdk';
import { openaiError } from '../shared/openai-error.js';
import { openaiMeter } from '../shared/openai-meter.js';
import { scannedInteger, scannedString } from '../shared/scanned-field.js';
import { serviceTierAsked } from '../shared/service-tier.js';
import { usageEdit } from '../shared/stream-usage-edit.js';
import { finishedAnswer } from './finished-answer.js';
import { finishedBatch } from './finished-batch.js';
import { forwardedUnits } from './forwarded-units.js';
import { openaiChatRequest } from './request.js';
import { openaiChatResponse } from './response.js';
import { openaiChatStream } from './stream.js';
import { OPENAI_CHAT } from './types.js';

/** `n` answers may each be as long as the cap says. */
function maxOutputTokens(fields: ScannedFields): number | undefined {
  const cap =
    scannedInteger(fields.json('max_completion_tokens')) ?? scannedInteger(fields.json('max_tokens'));
  if (cap === undefined) return undefined;
  return cap * Math.max(1, scannedInteger(fields.json('n')) ?? 1);
}

/** `POST /v1/chat/completions`, https://platform.openai.com/docs/api-reference/chat. */
export const openaiChat: WireFormat = {
  id: OPENAI_CHAT,
  operation: 'chat',
  requestIdHeader: 'x-request-id',
  request: openaiChatRequest,
  response: openaiChatResponse,
  stream: openaiChatStream,
  error: openaiError,
  meter: openaiMeter,
  answerWords: { finish: ['finish_reason'], calls: ['function'] },
  fields: [
    'max_completion_tokens',
    'max_tokens',
    'n',
    'user',
    'safety_identifier',
    'service_tier',
    'stream_options',
  ],
  objectIds: ['file_id'],
  maxOutputTokens,
  serviceTier: (fields) => serviceTierAsked(fields),
  user: (fields) => scannedString(fields.json('user')) ?? scannedString(fields.json('safety_identifier')),
  meterEdit: usageEdit,
  toolRuns: { between: '\n\n', items: null },
  forwardedUnits,
  finishedAnswer,
  finishedBatch,
};
