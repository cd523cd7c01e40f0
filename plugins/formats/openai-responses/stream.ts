import type { StreamCodec } from '@headgate/sdk';
import { OpenaiResponsesStreamDecoder } from './stream-decode.js';
import { OpenaiResponsesStreamEncoder } from './stream-encode.js';

/** `response.*` events with sequence numbers, ended by `response.completed`, `response.incomplete` or `response.failed`. */
export const openaiResponsesStream: StreamCodec = {
  decoder: () => new OpenaiResponsesStreamDecoder(),
  encoder: (options) => new OpenaiResponsesStreamEncoder(options),
};
