import type { WireFormat } from '@headgate/sdk';
import { ollamaResponse } from '../shared/ollama-answer.js';
import { ollamaError } from '../shared/ollama-error.js';
import { ollamaMeter } from '../shared/ollama-meter.js';
import { numPredict } from '../shared/ollama-settings.js';
import { OllamaStreamDecoder } from '../shared/ollama-stream-decode.js';
import { OllamaStreamEncoder } from '../shared/ollama-stream-encode.js';
import { ollamaGenerateRequest } from './request.js';
import { GENERATE_SHAPE, OLLAMA_GENERATE } from './types.js';

/** `POST /api/generate`, https://docs.ollama.com/api/generate. It streams unless told not to. */
export const ollamaGenerate: WireFormat = {
  id: OLLAMA_GENERATE,
  operation: 'chat',
  streamByDefault: true,
  framing: 'ndjson',
  streamType: 'application/x-ndjson',
  requestIdHeader: 'x-request-id',
  request: ollamaGenerateRequest,
  response: ollamaResponse(GENERATE_SHAPE),
  stream: {
    decoder: () => new OllamaStreamDecoder(GENERATE_SHAPE),
    encoder: (options) => new OllamaStreamEncoder(GENERATE_SHAPE, options),
  },
  error: ollamaError,
  meter: ollamaMeter,
  answerWords: { finish: ['done_reason'], calls: [] },
  fields: ['options'],
  maxOutputTokens: numPredict,
};
