import type { JsonObject } from '@headgate/sdk';
import type * as fc from 'fast-check';
import type { FormatId } from '../harness.js';
import { anthropicMessagesRequest } from './anthropic-messages.js';
import { bedrockConverseRequest } from './bedrock-converse.js';
import { cohereChatRequest } from './cohere-chat.js';
import { geminiRequest } from './gemini.js';
import { ollamaChatRequest, ollamaGenerateRequest } from './ollama.js';
import { openaiChatRequest } from './openai-chat.js';
import { openaiCompletionsRequest } from './openai-completions.js';
import { openaiResponsesRequest } from './openai-responses.js';

/** Valid requests of each format, as rich as its reference allows. */
export const REQUESTS: Record<FormatId, fc.Arbitrary<JsonObject>> = {
  'openai-chat': openaiChatRequest,
  'openai-responses': openaiResponsesRequest,
  'anthropic-messages': anthropicMessagesRequest,
  gemini: geminiRequest,
  'bedrock-converse': bedrockConverseRequest,
  'cohere-chat': cohereChatRequest,
  'ollama-chat': ollamaChatRequest,
  'ollama-generate': ollamaGenerateRequest,
  'openai-completions': openaiCompletionsRequest,
};
