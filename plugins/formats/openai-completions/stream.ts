import type { StreamCodec } from '@headgate/sdk';
import { OpenaiCompletionsStreamDecoder } from './stream-decode.js';
import { OpenaiCompletionsStreamEncoder } from './stream-encode.js';

/** `text_completion` events, ended by `data: [DONE]`. */
export const openaiCompletionsStream: StreamCodec = {
  decoder: () => new OpenaiCompletionsStreamDecoder(),
  encoder: (options) => new OpenaiCompletionsStreamEncoder(options),
};
