import type { WireFormat } from '@headgate/sdk';
import { anthropicCountTokens, anthropicMessages } from './anthropic-messages/index.js';
import { bedrockConverse, bedrockCountTokens } from './bedrock-converse/index.js';
import { bedrockCohereEmbed, bedrockEmbed, bedrockTitanEmbed } from './bedrock-embed/index.js';
import { cohereChat } from './cohere-chat/index.js';
import { cohereEmbed, cohereEmbedV1 } from './cohere-embed/index.js';
import { gemini, geminiCountTokens, vertexCountTokens } from './gemini/index.js';
import { geminiLive, geminiLiveAlpha, geminiLiveConstrained, vertexLive } from './gemini/live.js';
import { geminiBatchEmbed, geminiEmbed } from './gemini-embed/index.js';
import { ollamaChat } from './ollama-chat/index.js';
import { ollamaEmbed, ollamaEmbeddings } from './ollama-embed/index.js';
import { ollamaGenerate } from './ollama-generate/index.js';
import { openaiChat } from './openai-chat/index.js';
import { openaiCompletions } from './openai-completions/index.js';
import { jinaEmbeddings, openaiEmbeddings, voyageEmbeddings } from './openai-embeddings/index.js';
import { openaiRealtime } from './openai-realtime/index.js';
import { openaiInputTokens, openaiResponses } from './openai-responses/index.js';
import { openaiResponsesSocket } from './openai-responses-socket/index.js';
import { bedrockRerank, cohereRerank, rerank, teiRerank, voyageRerank } from './rerank/index.js';
import { vertexEmbeddings } from './vertex-embeddings/index.js';

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
  voyageEmbeddings,
  jinaEmbeddings,
  cohereEmbed,
  cohereEmbedV1,
  geminiBatchEmbed,
  geminiEmbed,
  vertexEmbeddings,
  ollamaEmbed,
  ollamaEmbeddings,
  bedrockEmbed,
  bedrockTitanEmbed,
  bedrockCohereEmbed,
  rerank,
  cohereRerank,
  voyageRerank,
  teiRerank,
  bedrockRerank,
  anthropicCountTokens,
  geminiCountTokens,
  vertexCountTokens,
  openaiInputTokens,
  bedrockCountTokens,
  openaiRealtime,
  openaiResponsesSocket,
  geminiLive,
  geminiLiveAlpha,
  geminiLiveConstrained,
  vertexLive,
];
