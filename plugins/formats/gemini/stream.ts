import type { StreamCodec } from '@headgate/sdk';
import { GeminiStreamDecoder } from './stream-decode.js';
import { GeminiStreamEncoder } from './stream-encode.js';

/** Pieces of a `GenerateContentResponse`, each an SSE event, or an element of one growing JSON array. */
export const geminiStream: StreamCodec = {
  decoder: () => new GeminiStreamDecoder(),
  encoder: (options) => new GeminiStreamEncoder(options),
};
