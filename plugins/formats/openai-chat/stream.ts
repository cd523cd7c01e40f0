import type { StreamCodec } from '@headgate/sdk';
import { OpenaiChatStreamDecoder } from './stream-decode.js';
import { OpenaiChatStreamEncoder } from './stream-encode.js';

/** `chat.completion.chunk` events, ended by `data: [DONE]`. */
export const openaiChatStream: StreamCodec = {
  decoder: () => new OpenaiChatStreamDecoder(),
  encoder: (options) => new OpenaiChatStreamEncoder(options),
};
