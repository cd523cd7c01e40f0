import type {
  CanonicalRequest,
  EncodeContext,
  JsonObject,
  ReasoningRequest,
  Sampling,
  Warn,
} from '@headgate/sdk';
import { warnOfUnsaid } from '../shared/unsaid.js';
import { warnOnce } from '../shared/warn-once.js';
import { encodeMessages } from './messages-encode.js';
import { takeDocuments } from './request-documents.js';
import { encodeTools } from './tools.js';
import { COHERE_CHAT } from './types.js';

type Effort = NonNullable<ReasoningRequest['effort']>;

/** OpenAI's efforts as budgets of tokens; above them the model thinks as long as it wants, which is its default. */
const BUDGETS: Partial<Record<Effort, number>> = { minimal: 1024, low: 2048, medium: 8192 };
const MAX_STOPS = 5;

/** Models from before Cohere's first that thinks; of newer ones, and those of others, nothing is known. */
const THOUGHTLESS =
  /^(?:command(?:-light|-nightly)?$|command-light-nightly$|command-r|command-a-(?:\d|vision|translate)|c4ai-)/;

function encodeThinking(
  reasoning: ReasoningRequest,
  same: boolean,
  model: string,
  warn: Warn,
): JsonObject | undefined {
  const { enabled, effort, budgetTokens } = reasoning;
  const off = enabled === false || effort === 'none';
  if (!same && THOUGHTLESS.test(model)) {
    if (!off) warn('reasoning', 'this model does not think before it answers');
    return undefined;
  }
  const json: JsonObject = { ...(same ? reasoning.extra : {}), type: off ? 'disabled' : 'enabled' };
  const budget = budgetTokens ?? (effort === undefined ? undefined : BUDGETS[effort]);
  if (budget !== undefined && (same || (!off && budget > 0))) json['token_budget'] = budget;
  return json;
}

function sameSampling(body: JsonObject, sampling: Sampling): void {
  if (sampling.temperature !== undefined) body['temperature'] = sampling.temperature;
  if (sampling.topP !== undefined) body['p'] = sampling.topP;
  if (sampling.topK !== undefined) body['k'] = sampling.topK;
  if (sampling.frequencyPenalty !== undefined) body['frequency_penalty'] = sampling.frequencyPenalty;
  if (sampling.presencePenalty !== undefined) body['presence_penalty'] = sampling.presencePenalty;
  if (sampling.seed !== undefined) body['seed'] = sampling.seed;
  if (sampling.stop !== undefined) body['stop_sequences'] = sampling.stop;
}

/** The value brought into Cohere's range. */
function clamped(value: number, [least, most]: [number, number], field: string, warn: Warn): number {
  const fitted = Math.min(most, Math.max(least, value));
  if (fitted !== value) warn(field, `must be between ${least} and ${most} in this format; ${fitted} is used`);
  return fitted;
}

/** Sampling of another format, brought into the ranges that Cohere takes. */
function fittedSampling(body: JsonObject, sampling: Sampling, warn: Warn): void {
  const fitted: Sampling = { ...sampling };
  if (sampling.temperature !== undefined)
    fitted.temperature = clamped(sampling.temperature, [0, 1], 'temperature', warn);
  if (sampling.topP !== undefined) fitted.topP = clamped(sampling.topP, [0.01, 0.99], 'top_p', warn);
  if (sampling.topK !== undefined) fitted.topK = clamped(sampling.topK, [0, 500], 'top_k', warn);
  for (const [key, field] of [
    ['frequencyPenalty', 'frequency_penalty'],
    ['presencePenalty', 'presence_penalty'],
  ] as const) {
    const value = sampling[key];
    if (value === undefined) continue;
    fitted[key] = clamped(value, [0, 1], field, warn);
    // Some models refuse both, and clients like to write the one that changes nothing.
    if (fitted[key] === 0) delete fitted[key];
  }
  if (sampling.seed !== undefined && !(Number.isInteger(sampling.seed) && sampling.seed >= 0)) {
    warn('seed', 'must be a whole number of zero or more in this format');
    delete fitted.seed;
  }
  if (sampling.stop !== undefined && sampling.stop.length > MAX_STOPS) {
    warn('stop', `only the first ${MAX_STOPS} stop strings are sent`);
    fitted.stop = sampling.stop.slice(0, MAX_STOPS);
  }
  if (sampling.logprobs?.top !== undefined && sampling.logprobs.top > 0)
    warn('top_logprobs', 'only the chosen tokens have log probabilities in this format');
  if (sampling.logitBias !== undefined) warn('logit_bias', 'not part of this format');
  sameSampling(body, fitted);
}

function encodeOutput(body: JsonObject, request: CanonicalRequest, same: boolean, warn: Warn): void {
  const { output } = request;
  if (output === undefined) return;
  if (output.type === 'text') {
    if (same) body['response_format'] = { type: 'text' };
    return;
  }
  if (!same && body['tools'] !== undefined) {
    warn('response_format', 'cannot be combined with tools in this format');
    return;
  }
  const json: JsonObject = { type: 'json_object' };
  if (output.type === 'json-schema') json['json_schema'] = output.schema;
  body['response_format'] = json;
}

function warnOfRest(request: CanonicalRequest, warn: Warn): void {
  if (request.choices !== undefined && request.choices > 1) warn('n', 'one answer a request in this format');
  if (request.parallelToolCalls === false)
    warn('parallel_tool_calls', 'the number of tool calls cannot be limited in this format');
  if (request.user !== undefined) warn('user', 'not part of this format');
  if (request.metadata !== undefined) warn('metadata', 'not part of this format');
  if (request.serviceTier !== undefined) warn('service_tier', 'not part of this format');
  for (const key of Object.keys(request.extra ?? {})) warn(key, 'not part of this format');
}

export function encodeRequest(request: CanonicalRequest, context: EncodeContext): JsonObject {
  const same = request.origin === COHERE_CHAT;
  const warn = warnOnce(context.warn);
  const { messages, documents } = same
    ? takeDocuments(request.messages)
    : { messages: request.messages, documents: [] };
  const body: JsonObject = {
    ...(same ? request.extra : {}),
    model: context.model,
    messages: encodeMessages(messages, { same, warn }),
  };
  if (documents.length > 0) body['documents'] = documents;
  if (!same)
    warnOfUnsaid(request.messages, ['name', 'citations', 'document', 'cache_control', 'is_error'], warn);
  encodeTools(body, request, same, warn);
  encodeOutput(body, request, same, warn);
  if (same) sameSampling(body, request.sampling);
  else fittedSampling(body, request.sampling, warn);
  if (request.sampling.logprobs !== undefined) body['logprobs'] = true;
  if (request.maxOutputTokens !== undefined) body['max_tokens'] = request.maxOutputTokens;
  const { reasoning } = request;
  const thinking = reasoning && encodeThinking(reasoning, same, context.model, warn);
  if (thinking !== undefined) body['thinking'] = thinking;
  if (request.stream) body['stream'] = true;
  if (!same) warnOfRest(request, warn);
  return body;
}
