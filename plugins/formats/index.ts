import type { WireFormat } from '@headgate/sdk';
import { anthropicCountTokens, anthropicMessages } from './anthropic-messages/index.js';
import { bedrockConverse } from './bedrock-converse/index.js';
import { cohereChat } from './cohere-chat/index.js';
import { gemini, geminiCountTokens } from './gemini/index.js';
import { geminiLive } from './gemini/live.js';
import { ollamaChat } from './ollama-chat/index.js';
import { ollamaGenerate } from './ollama-generate/index.js';
import { openaiChat } from './openai-chat/index.js';
import { openaiCompletions } from './openai-completions/index.js';
import { openaiEmbeddings } from './openai-embeddings/index.js';
import { openaiRealtime } from './openai-realtime/index.js';
import { openaiResponses } from './openai-responses/index.js';
import { openaiResponsesSocket } from './openai-responses-socket/index.js';

/** Every wire format that comes with the gateway. */
export const formats: readonly WireFormat[] = [
  openaiChat,
  openaiResponses,
  anthropicMessages,
  gemini,
  bedrockConverse,
  cohereChat,
  ollamaChat,
  ollamaGenerate,
  openaiCompletions,
  openaiEmbeddings,
  anthropicCountTokens,
  geminiCountTokens,
  openaiRealtime,
  openaiResponsesSocket,
  geminiLive,
];
