import type { CanonicalRequest, JsonObject, OutputFormat, ReasoningRequest, Sampling } from '@headgate/sdk';
import { MalformedBody } from '@headgate/sdk';
import * as read from '../shared/read-json.js';
import { decodeMessages } from './messages-decode.js';
import { putDocuments } from './request-documents.js';
import { decodeToolChoice, decodeTools } from './tools.js';
import { COHERE_CHAT, REQUEST_KEYS } from './types.js';

const THINKING_KEYS = new Set(['type', 'token_budget']);

function decodeSampling(body: JsonObject): Sampling {
  const sampling: Sampling = {};
  const set = <K extends keyof Sampling>(key: K, value: Sampling[K] | undefined): void => {
    if (value !== undefined) sampling[key] = value;
  };
  set('temperature', read.optNumber(body, 'temperature', ''));
  set('topP', read.optNumber(body, 'p', ''));
  set('topK', read.optInteger(body, 'k', ''));
  set('frequencyPenalty', read.optNumber(body, 'frequency_penalty', ''));
  set('presencePenalty', read.optNumber(body, 'presence_penalty', ''));
  set('seed', read.optNumber(body, 'seed', ''));
  set('stop', read.optStrings(body, 'stop_sequences', ''));
  if (read.optBoolean(body, 'logprobs', '') === true) sampling.logprobs = {};
  return sampling;
}

function decodeOutput(body: JsonObject): OutputFormat | undefined {
  const format = read.optObject(body, 'response_format', '');
  if (format === undefined) return undefined;
  if (format['type'] === 'text') return { type: 'text' };
  if (format['type'] !== 'json_object')
    throw new MalformedBody("'response_format.type' must be text or json_object", 'response_format.type');
  // The API reference says `json_schema`, the guides of the same API `schema`; Cohere takes both.
  const schema =
    read.optObject(format, 'json_schema', 'response_format') ??
    read.optObject(format, 'schema', 'response_format');
  return schema === undefined ? { type: 'json' } : { type: 'json-schema', schema };
}

function decodeThinking(body: JsonObject): ReasoningRequest | undefined {
  const thinking = read.optObject(body, 'thinking', '');
  if (thinking === undefined) return undefined;
  const type = read.needString(thinking, 'type', 'thinking');
  if (type !== 'enabled' && type !== 'disabled')
    throw new MalformedBody("'thinking.type' must be enabled or disabled", 'thinking.type');
  const reasoning: ReasoningRequest = { enabled: type === 'enabled' };
  const budget = read.optInteger(thinking, 'token_budget', 'thinking');
  if (budget !== undefined) reasoning.budgetTokens = budget;
  const extra = read.extraOf(thinking, THINKING_KEYS);
  if (extra !== undefined) reasoning.extra = extra;
  return reasoning;
}

export function decodeRequest(body: JsonObject): CanonicalRequest {
  const request: CanonicalRequest = {
    origin: COHERE_CHAT,
    model: read.needString(body, 'model', ''),
    messages: decodeMessages(body),
    sampling: decodeSampling(body),
    stream: read.optBoolean(body, 'stream', '') === true,
  };
  const set = <K extends keyof CanonicalRequest>(key: K, value: CanonicalRequest[K] | undefined): void => {
    if (value !== undefined) request[key] = value;
  };
  set('tools', decodeTools(body));
  set('toolChoice', decodeToolChoice(body));
  set('output', decodeOutput(body));
  set('maxOutputTokens', read.optInteger(body, 'max_tokens', ''));
  set('reasoning', decodeThinking(body));
  const { documents, ...extra } = read.extraOf(body, REQUEST_KEYS) ?? {};
  const put = Array.isArray(documents) && documents.length > 0 && putDocuments(documents, request.messages);
  if (documents !== undefined && !put) extra['documents'] = documents;
  if (Object.keys(extra).length > 0) request.extra = extra;
  return request;
}
