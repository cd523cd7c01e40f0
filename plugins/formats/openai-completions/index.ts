import type { ScannedFields, WireFormat } from '@headgate/sdk';
import { openaiError } from '../shared/openai-error.js';
import { openaiMeter } from '../shared/openai-meter.js';
import { scannedInteger, scannedString } from '../shared/scanned-field.js';
import { usageEdit } from '../shared/stream-usage-edit.js';
import { openaiCompletionsRequest } from './request.js';
import { openaiCompletionsResponse } from './response.js';
import { openaiCompletionsStream } from './stream.js';
import { OPENAI_COMPLETIONS } from './types.js';

/** `best_of` answers are written and paid for, of which `n` are sent. */
function maxOutputTokens(fields: ScannedFields): number | undefined {
  const cap = scannedInteger(fields.json('max_tokens'));
  if (cap === undefined) return undefined;
  const answers = Math.max(
    scannedInteger(fields.json('n')) ?? 1,
    scannedInteger(fields.json('best_of')) ?? 1,
  );
  return cap * Math.max(1, answers);
}

/** `POST /v1/completions`, https://platform.openai.com/docs/api-reference/completions. */
export const openaiCompletions: WireFormat = {
  id: OPENAI_COMPLETIONS,
  operation: 'chat',
  requestIdHeader: 'x-request-id',
  request: openaiCompletionsRequest,
  response: openaiCompletionsResponse,
  stream: openaiCompletionsStream,
  error: openaiError,
  meter: openaiMeter,
  answerWords: { finish: ['finish_reason'], calls: [] },
  fields: ['max_tokens', 'n', 'best_of', 'user', 'stream_options'],
  maxOutputTokens,
  user: (fields) => scannedString(fields.json('user')),
  meterEdit: usageEdit,
};
