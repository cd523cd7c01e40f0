import type { WireFormat } from '@headgate/sdk';
import { anthropicCountTokens, anthropicMessages } from './anthropic-messages/index.js';
import { openaiChat } from './openai-chat/index.js';
import { openaiCompletions } from './openai-completions/index.js';
import { openaiEmbeddings } from './openai-embeddings/index.js';

/** Every wire format that comes with the gateway. */
export const formats: readonly WireFormat[] = [
  openaiChat,
  anthropicMessages,
  openaiCompletions,
  openaiEmbeddings,
  anthropicCountTokens,
];
