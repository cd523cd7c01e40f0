import type { ScannedFields, WireFormat } from '@headgate/sdk';
import { scannedInteger, scannedString } from '../shared/scanned-field.js';
import { batchResults } from './batch-results.js';
import { anthropicError } from './error.js';
import { anthropicMeter } from './meter.js';
import { OBJECT_IDS } from './object-ids.js';
import { anthropicRequest } from './request.js';
import { anthropicResponse } from './response.js';
import { anthropicStream } from './stream.js';
import { ANTHROPIC_MESSAGES } from './types.js';
import { variantOf } from './usage.js';
import { userOf } from './user.js';

export { anthropicCountTokens } from './count-tokens.js';

/** `POST /v1/messages`, https://docs.anthropic.com/en/api/messages. Its streams always carry usage. */
export const anthropicMessages: WireFormat = {
  id: ANTHROPIC_MESSAGES,
  operation: 'chat',
  requestIdHeader: 'request-id',
  request: anthropicRequest,
  response: anthropicResponse,
  stream: anthropicStream,
  error: anthropicError,
  meter: anthropicMeter,
  answerWords: { finish: ['stop_reason'], calls: ['tool_use'] },
  // Reasoning of Gemini and of OpenAI's Responses that an earlier turn got from there; see shared/reasoning-seal.ts.
  foreignSeals: ['"gemini//', '"openai//'],
  fields: ['max_tokens', 'metadata', 'speed', 'inference_geo'],
  objectIds: OBJECT_IDS,
  toolRuns: { between: '', items: null },
  maxOutputTokens: (fields) => scannedInteger(fields.json('max_tokens')),
  priceVariant: (fields) =>
    variantOf(asked(fields, 'speed', 'standard'), asked(fields, 'inference_geo', 'global')),
  batchResults,
  user: userOf,
};

function asked(fields: ScannedFields, name: string, usual: string): string {
  const value = scannedString(fields.json(name)) ?? usual;
  return value === usual ? '' : value;
}
