import type { WireFormat } from '@headgate/sdk';
import { ollamaResponse } from '../shared/ollama-answer.js';
import { ollamaError } from '../shared/ollama-error.js';
import { ollamaMeter } from '../shared/ollama-meter.js';
import { numPredict } from '../shared/ollama-settings.js';
import { OllamaStreamDecoder } from '../shared/ollama-stream-decode.js';
import { OllamaStreamEncoder } from '../shared/ollama-stream-encode.js';
import { ollamaChatRequest } from './request.js';
import { CHAT_SHAPE, OLLAMA_CHAT } from './types.js';

/** `POST /api/chat`, https://docs.ollama.com/api/chat. It streams unless told not to, and its streams carry usage. */
export const ollamaChat: WireFormat = {
  id: OLLAMA_CHAT,
  operation: 'chat',
  streamByDefault: true,
  framing: 'ndjson',
  streamType: 'application/x-ndjson',
  requestIdHeader: 'x-request-id',
  request: ollamaChatRequest,
  response: ollamaResponse(CHAT_SHAPE),
  stream: {
    decoder: () => new OllamaStreamDecoder(CHAT_SHAPE),
    encoder: (options) => new OllamaStreamEncoder(CHAT_SHAPE, options),
  },
  error: ollamaError,
  meter: ollamaMeter,
  answerWords: { finish: ['done_reason'], calls: ['function'] },
  fields: ['options'],
  maxOutputTokens: numPredict,
};
