import type { StreamCodec } from '@headgate/sdk';
import { AnthropicStreamDecoder } from './stream-decode.js';
import { AnthropicStreamEncoder } from './stream-encode.js';

/** Named events from `message_start` to `message_stop`. */
export const anthropicStream: StreamCodec = {
  decoder: () => new AnthropicStreamDecoder(),
  encoder: (options) => new AnthropicStreamEncoder(options),
};
