import { AttributeName } from './attribute-name.js';

const named = (text: string): AttributeName => new AttributeName(text);

/** Attributes of our own. */
export const OWN = {
  requestId: named('headgate.request.id'),
  operation: named('headgate.operation'),
  model: named('headgate.model'),
  stream: named('headgate.stream'),
  overheadUs: named('headgate.overhead_us'),
  customer: named('headgate.customer'),
  keyId: named('headgate.key.id'),
  keyName: named('headgate.key.name'),
  org: named('headgate.org'),
  team: named('headgate.team'),
  project: named('headgate.project'),
  cache: named('headgate.cache'),
  tags: named('headgate.tags'),
  plugins: named('headgate.plugins'),
  costUsd: named('headgate.cost_usd'),
  firstTokenUs: named('headgate.first_token_us'),
  passedOver: named('headgate.passed_over'),
  attempts: named('headgate.attempts'),
  server: named('headgate.server'),
  provider: named('headgate.provider'),
  providerKey: named('headgate.provider_key'),
  connectedUs: named('headgate.connected_us'),
  tools: named('headgate.tools'),
} as const;

/** Those of OpenTelemetry's conventions: https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/. */
export const CONVENTIONAL = {
  operation: named('gen_ai.operation.name'),
  provider: named('gen_ai.provider.name'),
  conversation: named('gen_ai.conversation.id'),
  tool: named('gen_ai.tool.name'),
  requestModel: named('gen_ai.request.model'),
  requestStream: named('gen_ai.request.stream'),
  responseModel: named('gen_ai.response.model'),
  responseId: named('gen_ai.response.id'),
  finishReasons: named('gen_ai.response.finish_reasons'),
  timeToFirstChunk: named('gen_ai.response.time_to_first_chunk'),
  inputMessages: named('gen_ai.input.messages'),
  outputMessages: named('gen_ai.output.messages'),
  cost: named('gen_ai.usage.cost'),
  inputTokens: named('gen_ai.usage.input_tokens'),
  outputTokens: named('gen_ai.usage.output_tokens'),
  cacheReadTokens: named('gen_ai.usage.cache_read.input_tokens'),
  cacheCreationTokens: named('gen_ai.usage.cache_creation.input_tokens'),
  reasoningTokens: named('gen_ai.usage.reasoning.output_tokens'),
  mcpMethod: named('mcp.method.name'),
  status: named('http.response.status_code'),
  error: named('error.type'),
  user: named('user.id'),
} as const;
