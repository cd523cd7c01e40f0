import type {
  CanonicalRequest,
  EncodeContext,
  JsonObject,
  OutputFormat,
  ReasoningRequest,
  RequestCodec,
  Sampling,
  Warn,
} from '@headgate/sdk';
import { MalformedBody } from '@headgate/sdk';
import { endUser } from '../shared/end-user.js';
import { ASK_FOR_JSON, saysJson } from '../shared/json-word.js';
import { effortOfBudget, openaiModel, reasoned, sampled } from '../shared/openai-models.js';
import { settingsFrom } from '../shared/openai-settings.js';
import * as read from '../shared/read-json.js';
import { warnOfUnsaid } from '../shared/unsaid.js';
import { warnOnce } from '../shared/warn-once.js';
import type { MessageContext } from './content-encode.js';
import { decodeMessages } from './messages-decode.js';
import { encodeMessages } from './messages-encode.js';
import { decodeToolChoice, decodeTools, encodeTools } from './tools.js';
import { OPENAI_CHAT, REQUEST_KEYS } from './types.js';

const EFFORTS = new Set(['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max']);
const REASONING_KEYS = new Set(['effort', 'max_tokens', 'enabled']);
const USAGE_KEYS = new Set(['include_usage']);
const SCHEMA_KEYS = new Set(['type', 'json_schema']);

function effortOf(object: JsonObject, key: string, base: string): ReasoningRequest['effort'] {
  const value = read.optString(object, key, base);
  if (value === undefined) return undefined;
  if (EFFORTS.has(value)) return value as ReasoningRequest['effort'];
  const param = read.join(base, key);
  throw new MalformedBody(`'${param}' must be one of ${[...EFFORTS].join(', ')}`, param);
}

/** `reasoning_effort`, or OpenRouter's `reasoning` object, whose presence is remembered by an `extra` bag. */
function decodeReasoning(body: JsonObject): ReasoningRequest | undefined {
  const effort = effortOf(body, 'reasoning_effort', '');
  const object = read.optObject(body, 'reasoning', '');
  if (effort === undefined && object === undefined) return undefined;
  const reasoning: ReasoningRequest = {};
  if (effort !== undefined) reasoning.effort = effort;
  if (object !== undefined) {
    const inner = effortOf(object, 'effort', 'reasoning');
    if (inner !== undefined) reasoning.effort = inner;
    const budget = read.optInteger(object, 'max_tokens', 'reasoning');
    if (budget !== undefined) reasoning.budgetTokens = budget;
    const enabled = read.optBoolean(object, 'enabled', 'reasoning');
    if (enabled !== undefined) reasoning.enabled = enabled;
    reasoning.extra = read.extraOf(object, REASONING_KEYS) ?? {};
  }
  if (reasoning.effort === 'none') reasoning.enabled ??= false;
  return reasoning;
}

function decodeSampling(body: JsonObject): Sampling {
  const sampling: Sampling = {};
  const set = <K extends keyof Sampling>(key: K, value: Sampling[K] | undefined): void => {
    if (value !== undefined) sampling[key] = value;
  };
  set('temperature', read.optNumber(body, 'temperature', ''));
  set('topP', read.optNumber(body, 'top_p', ''));
  set('topK', read.optInteger(body, 'top_k', ''));
  set('frequencyPenalty', read.optNumber(body, 'frequency_penalty', ''));
  set('presencePenalty', read.optNumber(body, 'presence_penalty', ''));
  set('seed', read.optNumber(body, 'seed', ''));
  set('stop', read.optStrings(body, 'stop', ''));
  set('logitBias', read.optNumbers(body, 'logit_bias', ''));
  const top = read.optInteger(body, 'top_logprobs', '');
  if (read.optBoolean(body, 'logprobs', '') === true || top !== undefined)
    sampling.logprobs = top === undefined ? {} : { top };
  return sampling;
}

/** Undefined for the forms of other servers (`regex`, `grammar`, …), which stay in `extra`. */
function decodeOutput(body: JsonObject): OutputFormat | undefined {
  const format = read.optObject(body, 'response_format', '');
  if (format === undefined) return undefined;
  const type = read.needString(format, 'type', 'response_format');
  if (type === 'text') return { type: 'text' };
  if (type === 'json_object') {
    // Together and Fireworks put the schema here.
    return read.isObject(format['schema'])
      ? { type: 'json-schema', schema: format['schema'] }
      : { type: 'json' };
  }
  if (type !== 'json_schema' || read.extraOf(format, SCHEMA_KEYS) !== undefined) return undefined;
  const path = 'response_format.json_schema';
  const inner = read.needObject(format, 'json_schema', 'response_format');
  const output: OutputFormat = { type: 'json-schema', schema: read.optObject(inner, 'schema', path) ?? {} };
  const name = read.optString(inner, 'name', path);
  if (name !== undefined) output.name = name;
  const description = read.optString(inner, 'description', path);
  if (description !== undefined) output.description = description;
  const strict = read.optBoolean(inner, 'strict', path);
  if (strict !== undefined) output.strict = strict;
  return output;
}

function decode(body: JsonObject): CanonicalRequest {
  const request: CanonicalRequest = {
    origin: OPENAI_CHAT,
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
  set('parallelToolCalls', read.optBoolean(body, 'parallel_tool_calls', ''));
  set('output', decodeOutput(body));
  set(
    'maxOutputTokens',
    read.optInteger(body, 'max_completion_tokens', '') ?? read.optInteger(body, 'max_tokens', ''),
  );
  set('reasoning', decodeReasoning(body));
  set('choices', read.optInteger(body, 'n', ''));
  set('user', read.optString(body, 'user', ''));
  set('metadata', read.optStringMap(body, 'metadata', ''));
  set('serviceTier', read.optString(body, 'service_tier', ''));
  let extra = read.extraOf(body, REQUEST_KEYS);
  if (request.output === undefined && body['response_format'] != null)
    extra = { ...extra, response_format: body['response_format'] };
  const options = read.optObject(body, 'stream_options', '');
  if (options !== undefined) {
    set('streamUsage', read.optBoolean(options, 'include_usage', 'stream_options'));
    const rest = read.extraOf(options, USAGE_KEYS);
    if (rest !== undefined) extra = { ...extra, stream_options: rest };
  }
  set('extra', extra);
  return request;
}

function encodeReasoning(body: JsonObject, reasoning: ReasoningRequest, same: boolean, warn: Warn): void {
  if (same && reasoning.extra !== undefined) {
    const object: JsonObject = { ...reasoning.extra };
    if (reasoning.effort !== undefined) object['effort'] = reasoning.effort;
    if (reasoning.budgetTokens !== undefined) object['max_tokens'] = reasoning.budgetTokens;
    if (reasoning.enabled !== undefined && !(reasoning.effort === 'none' && !reasoning.enabled))
      object['enabled'] = reasoning.enabled;
    body['reasoning'] = object;
    return;
  }
  if (reasoning.enabled === false && reasoning.effort === undefined) {
    // Models that cannot reason refuse the field even when it says `none`.
    warn(
      'reasoning',
      'reasoning cannot be switched off for every model of this format; the default of the model holds',
    );
    return;
  }
  const budget = reasoning.budgetTokens;
  const effort = reasoning.effort ?? (budget === undefined ? undefined : effortOfBudget(budget));
  if (effort !== undefined) body['reasoning_effort'] = effort;
}

function encodeSampling(body: JsonObject, sampling: Sampling, same: boolean, warn: Warn): void {
  if (sampling.temperature !== undefined) body['temperature'] = sampling.temperature;
  if (sampling.topP !== undefined) body['top_p'] = sampling.topP;
  if (sampling.topK !== undefined) {
    if (same) body['top_k'] = sampling.topK;
    else warn('top_k', 'not part of this format');
  }
  if (sampling.frequencyPenalty !== undefined) body['frequency_penalty'] = sampling.frequencyPenalty;
  if (sampling.presencePenalty !== undefined) body['presence_penalty'] = sampling.presencePenalty;
  if (sampling.seed !== undefined) body['seed'] = sampling.seed;
  if (sampling.stop !== undefined) {
    const tooMany = !same && sampling.stop.length > 4;
    if (tooMany) warn('stop', 'only the first four stop strings are sent');
    body['stop'] = tooMany ? sampling.stop.slice(0, 4) : sampling.stop;
  }
  if (sampling.logprobs !== undefined) {
    body['logprobs'] = true;
    if (sampling.logprobs.top !== undefined) body['top_logprobs'] = sampling.logprobs.top;
  }
  if (sampling.logitBias !== undefined) body['logit_bias'] = sampling.logitBias;
}

function encodeOutput(output: OutputFormat): JsonObject {
  if (output.type === 'text') return { type: 'text' };
  if (output.type === 'json') return { type: 'json_object' };
  const inner: JsonObject = { name: output.name ?? 'response', schema: output.schema };
  if (output.description !== undefined) inner['description'] = output.description;
  if (output.strict !== undefined) inner['strict'] = output.strict;
  return { type: 'json_schema', json_schema: inner };
}

/** The hub keeps each format's own words; Anthropic's `standard_only` is OpenAI's `default`. */
function tierOf(tier: string, same: boolean): string {
  return !same && tier === 'standard_only' ? 'default' : tier;
}

function encode(request: CanonicalRequest, context: EncodeContext): JsonObject {
  const same = request.origin === OPENAI_CHAT;
  const warn = warnOnce(context.warn);
  const custom = same || context.fullOpenai === true;
  const reasoning = same || context.fullOpenai !== true;
  const messageContext: MessageContext = { same, custom, reasoning, warn };
  const { stream_options: options, ...extra } = (same ? request.extra : undefined) ?? {};
  const others = same ? undefined : settingsFrom('openai-responses', request, { ...context, warn });
  const body: JsonObject = {
    ...extra,
    ...others?.members,
    model: context.model,
    messages: encodeMessages(request.messages, messageContext),
  };
  if (!same) warnOfUnsaid(request.messages, ['citations', 'document', 'cache_control', 'is_error'], warn);
  encodeTools(body, request, messageContext);
  const tools = body['tools'] !== undefined;
  if (request.parallelToolCalls !== undefined && (same || tools))
    body['parallel_tool_calls'] = request.parallelToolCalls;
  if (request.output !== undefined) body['response_format'] = encodeOutput(request.output);
  if (!same && request.output?.type === 'json' && !saysJson(body['messages']))
    body['messages'] = [{ role: 'system', content: ASK_FOR_JSON }, ...(body['messages'] as JsonObject[])];
  if (others?.verbosity !== undefined) body['verbosity'] = others.verbosity;
  const traits = same ? undefined : openaiModel(context.model);
  const thinking = reasoned(traits, request.reasoning, warn);
  encodeSampling(body, sampled(traits, request.sampling, thinking, warn), same, warn);
  if (request.maxOutputTokens !== undefined) body['max_completion_tokens'] = request.maxOutputTokens;
  if (thinking !== undefined) encodeReasoning(body, thinking, same, warn);
  if (request.choices !== undefined) body['n'] = request.choices;
  if (request.user !== undefined) body['user'] = endUser(request.user, same);
  if (request.metadata !== undefined) {
    if (same) body['metadata'] = request.metadata;
    else warn('metadata', 'not part of this format');
  }
  if (request.serviceTier !== undefined) body['service_tier'] = tierOf(request.serviceTier, same);
  if (request.stream) body['stream'] = true;
  const streamOptions: JsonObject = { ...(read.isObject(options) ? options : {}) };
  // Streams are metered, so usage is always asked for; whether the client sees it is its stream encoder's business.
  if (request.stream) streamOptions['include_usage'] = true;
  else if (same && request.streamUsage !== undefined) streamOptions['include_usage'] = request.streamUsage;
  if (Object.keys(streamOptions).length > 0) body['stream_options'] = streamOptions;
  return body;
}

export const openaiChatRequest: RequestCodec = { decode, encode };
