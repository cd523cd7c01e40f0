import type { CanonicalRequest, EncodeContext, JsonObject, RequestCodec, Sampling } from '@headgate/sdk';
import { endUser } from '../shared/end-user.js';
import * as read from '../shared/read-json.js';
import { warnOnce } from '../shared/warn-once.js';
import { decodePrompt, encodePrompt } from './prompt.js';
import { OPENAI_COMPLETIONS, REQUEST_KEYS } from './types.js';

const USAGE_KEYS = new Set(['include_usage']);

function decodeSampling(body: JsonObject): Sampling {
  const sampling: Sampling = {};
  const set = <K extends keyof Sampling>(key: K, value: Sampling[K] | undefined): void => {
    if (value !== undefined) sampling[key] = value;
  };
  set('temperature', read.optNumber(body, 'temperature', ''));
  set('topP', read.optNumber(body, 'top_p', ''));
  set('frequencyPenalty', read.optNumber(body, 'frequency_penalty', ''));
  set('presencePenalty', read.optNumber(body, 'presence_penalty', ''));
  set('seed', read.optNumber(body, 'seed', ''));
  set('stop', read.optStrings(body, 'stop', ''));
  set('logitBias', read.optNumbers(body, 'logit_bias', ''));
  // Here `logprobs` is the number of alternatives, not a switch.
  const top = read.optInteger(body, 'logprobs', '');
  if (top !== undefined) sampling.logprobs = { top };
  return sampling;
}

function decode(body: JsonObject): CanonicalRequest {
  const request: CanonicalRequest = {
    origin: OPENAI_COMPLETIONS,
    model: read.needString(body, 'model', ''),
    messages: decodePrompt(body),
    sampling: decodeSampling(body),
    stream: read.optBoolean(body, 'stream', '') === true,
  };
  const cap = read.optInteger(body, 'max_tokens', '');
  if (cap !== undefined) request.maxOutputTokens = cap;
  const choices = read.optInteger(body, 'n', '');
  if (choices !== undefined) request.choices = choices;
  const user = read.optString(body, 'user', '');
  if (user !== undefined) request.user = user;
  let extra = read.extraOf(body, REQUEST_KEYS);
  const options = read.optObject(body, 'stream_options', '');
  if (options !== undefined) {
    const asked = read.optBoolean(options, 'include_usage', 'stream_options');
    if (asked !== undefined) request.streamUsage = asked;
    const rest = read.extraOf(options, USAGE_KEYS);
    if (rest !== undefined) extra = { ...extra, stream_options: rest };
  }
  // Other formats answer one prompt a request and have to warn of it: the marker makes them.
  if ((request.messages[0]?.parts.length ?? 0) > 1) extra = { ...extra, prompt: 'several' };
  if (extra !== undefined) request.extra = extra;
  return request;
}

function encodeSampling(body: JsonObject, sampling: Sampling): void {
  if (sampling.temperature !== undefined) body['temperature'] = sampling.temperature;
  if (sampling.topP !== undefined) body['top_p'] = sampling.topP;
  if (sampling.frequencyPenalty !== undefined) body['frequency_penalty'] = sampling.frequencyPenalty;
  if (sampling.presencePenalty !== undefined) body['presence_penalty'] = sampling.presencePenalty;
  if (sampling.seed !== undefined) body['seed'] = sampling.seed;
  if (sampling.stop !== undefined) body['stop'] = sampling.stop;
  if (sampling.logprobs !== undefined) body['logprobs'] = sampling.logprobs.top ?? 0;
  if (sampling.logitBias !== undefined) body['logit_bias'] = sampling.logitBias;
}

/** Ollama's word for what comes after the gap. Behind a prompt that became a transcript it would mean nothing. */
function suffixOf({ origin, extra, messages }: CanonicalRequest): string | undefined {
  const suffix = origin === 'ollama-generate' && messages.length === 1 ? extra?.['suffix'] : undefined;
  return typeof suffix === 'string' && suffix !== '' ? suffix : undefined;
}

function encode(request: CanonicalRequest, context: EncodeContext): JsonObject {
  const same = request.origin === OPENAI_COMPLETIONS;
  const warn = warnOnce(context.warn);
  const { stream_options: options, prompt: _, ...extra } = (same ? request.extra : undefined) ?? {};
  const body: JsonObject = {
    ...extra,
    model: context.model,
    prompt: encodePrompt(request.messages, request.origin, warn),
  };
  encodeSampling(body, request.sampling);
  if (request.maxOutputTokens !== undefined) body['max_tokens'] = request.maxOutputTokens;
  if (request.choices !== undefined) body['n'] = request.choices;
  if (request.user !== undefined) body['user'] = endUser(request.user, same);
  if (!same) {
    if (request.tools !== undefined) warn('tools', 'not part of this format');
    if (request.output !== undefined && request.output.type !== 'text')
      warn('response_format', 'not part of this format');
    if (request.reasoning !== undefined) warn('reasoning', 'not part of this format');
    if (request.sampling.topK !== undefined) warn('top_k', 'not part of this format');
    if (request.metadata !== undefined) warn('metadata', 'not part of this format');
    if (request.serviceTier !== undefined) warn('service_tier', 'not part of this format');
    const suffix = suffixOf(request);
    if (suffix !== undefined) body['suffix'] = suffix;
    for (const key of Object.keys(request.extra ?? {}))
      if (key !== 'suffix' || suffix === undefined) warn(key, 'not part of this format');
  }
  if (request.stream) body['stream'] = true;
  const streamOptions: JsonObject = { ...(read.isObject(options) ? options : {}) };
  // Streams are metered, so usage is always asked for; whether the client sees it is its stream encoder's business.
  if (request.stream) streamOptions['include_usage'] = true;
  else if (same && request.streamUsage !== undefined) streamOptions['include_usage'] = request.streamUsage;
  if (Object.keys(streamOptions).length > 0) body['stream_options'] = streamOptions;
  return body;
}

export const openaiCompletionsRequest: RequestCodec = { decode, encode };
