import type { ScannedFields, WireFormat } from '@headgate/sdk';
import { geminiError } from '../shared/gemini-error.js';
import { scannedJson } from '../shared/scanned-field.js';
import { serviceTierAsked } from '../shared/service-tier.js';
import { geminiMeter } from './meter.js';
import { geminiRequest } from './request.js';
import { geminiResponse } from './response.js';
import { geminiStream } from './stream.js';
import { GEMINI } from './types.js';

export { geminiCountTokens, vertexCountTokens } from './count-tokens.js';

function whole(value: unknown): number | undefined {
  const number = typeof value === 'string' && value !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0 ? number : undefined;
}

/** Every candidate may be as long as the cap says. */
function maxOutputTokens(fields: ScannedFields): number | undefined {
  const config = scannedJson(fields.json('generationConfig') ?? fields.json('generation_config'));
  if (typeof config !== 'object' || config === null) return undefined;
  const said = config as Record<string, unknown>;
  const cap = whole(said['maxOutputTokens'] ?? said['max_output_tokens']);
  if (cap === undefined) return undefined;
  return cap * Math.max(1, whole(said['candidateCount'] ?? said['candidate_count']) ?? 1);
}

/**
 * `POST …/models/{model}:generateContent` and `:streamGenerateContent` of the Gemini API (v1beta) and of Vertex AI,
 * https://ai.google.dev/api/generate-content. Its streams always carry usage.
 */
export const gemini: WireFormat = {
  id: GEMINI,
  operation: 'chat',
  modelIn: 'path',
  framing: 'sse',
  requestIdHeader: 'x-request-id',
  request: geminiRequest,
  response: geminiResponse,
  stream: geminiStream,
  error: geminiError,
  meter: geminiMeter,
  answerWords: { finish: ['finishReason'], calls: ['functionCall'] },
  fields: [
    'generationConfig',
    'generation_config',
    'serviceTier',
    'service_tier',
    'cachedContent',
    'cached_content',
  ],
  objectIds: ['fileUri', 'file_uri', 'cachedContent', 'cached_content'],
  maxOutputTokens,
  serviceTier: (fields) => serviceTierAsked(fields, 'serviceTier') ?? serviceTierAsked(fields),
};
