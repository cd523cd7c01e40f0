import type {
  CanonicalRequest,
  EncodeContext,
  JsonObject,
  JsonValue,
  OutputFormat,
  ReasoningRequest,
  Sampling,
  Warn,
} from '@headgate/sdk';
import { endUser } from '../shared/end-user.js';
import { ASK_FOR_JSON, saysJson } from '../shared/json-word.js';
import { effortOfBudget, openaiModel, reasoned, sampled } from '../shared/openai-models.js';
import { settingsFrom } from '../shared/openai-settings.js';
import { isObject } from '../shared/read-json.js';
import { warnOfUnsaid } from '../shared/unsaid.js';
import { warnOnce } from '../shared/warn-once.js';
import { encodeInput } from './items-encode.js';
import { encodeTools } from './tools.js';
import { ENCRYPTED_REASONING, LOGPROBS, OPENAI_RESPONSES } from './types.js';

/** Members of the hub's sampling that this format has no word for. */
const UNKNOWN_SAMPLING: [keyof Sampling, string][] = [
  ['topK', 'top_k'],
  ['frequencyPenalty', 'frequency_penalty'],
  ['presencePenalty', 'presence_penalty'],
  ['seed', 'seed'],
  ['stop', 'stop'],
  ['logitBias', 'logit_bias'],
];

/** The least cap on output tokens that OpenAI takes. */
const LEAST_OUTPUT = 16;

function encodeReasoning(body: JsonObject, reasoning: ReasoningRequest, same: boolean, warn: Warn): void {
  if (same) {
    const object: JsonObject = { ...reasoning.extra };
    if (reasoning.effort !== undefined) object['effort'] = reasoning.effort;
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
  if (effort !== undefined) body['reasoning'] = { effort };
}

function encodeSampling(body: JsonObject, sampling: Sampling, warn: Warn): void {
  if (sampling.temperature !== undefined) body['temperature'] = sampling.temperature;
  if (sampling.topP !== undefined) body['top_p'] = sampling.topP;
  if (sampling.logprobs?.top !== undefined) body['top_logprobs'] = sampling.logprobs.top;
  for (const [key, name] of UNKNOWN_SAMPLING)
    if (sampling[key] !== undefined) warn(name, 'not part of this format');
}

function encodeOutput(output: OutputFormat, same: boolean): JsonObject {
  if (output.type === 'text') return { type: 'text' };
  if (output.type === 'json') return { type: 'json_object' };
  const json: JsonObject = { type: 'json_schema' };
  // A name is required; one that the client left out is not made up for a target of its own format.
  if (output.name !== undefined || !same) json['name'] = output.name ?? 'response';
  json['schema'] = output.schema;
  if (output.description !== undefined) json['description'] = output.description;
  if (output.strict !== undefined) json['strict'] = output.strict;
  return json;
}

/** The hub keeps each format's own words; Anthropic's `standard_only` is OpenAI's `default`. */
function tierOf(tier: string, same: boolean): string {
  return !same && tier === 'standard_only' ? 'default' : tier;
}

function outputCap(cap: number, same: boolean, warn: Warn): number {
  if (same || cap >= LEAST_OUTPUT) return cap;
  warn('max_output_tokens', `at least ${LEAST_OUTPUT} in this format`);
  return LEAST_OUTPUT;
}

/**
 * What only this API does unless told otherwise: it keeps every conversation. A client of another format cannot know,
 * so nothing is kept for it, and reasoning comes back encrypted instead of being remembered.
 */
function stateless(body: JsonObject, sampling: Sampling): void {
  body['store'] = false;
  const include: JsonValue[] = [];
  if (isObject(body['reasoning']) && body['reasoning']['effort'] !== 'none')
    include.push(ENCRYPTED_REASONING);
  if (sampling.logprobs !== undefined) include.push(LOGPROBS);
  if (include.length > 0) body['include'] = include;
}

export function encodeRequest(request: CanonicalRequest, context: EncodeContext): JsonObject {
  const same = request.origin === OPENAI_RESPONSES;
  const custom = same || context.fullOpenai === true;
  const warn = warnOnce(context.warn);
  const { text: textExtra, ...extra } = (same ? request.extra : undefined) ?? {};
  const others = same ? undefined : settingsFrom('openai-chat', request, { ...context, warn });
  const body: JsonObject = { ...extra, ...others?.members, model: context.model };
  const { instructions, input } = encodeInput(request.messages, { same, custom, warn });
  if (instructions !== undefined) body['instructions'] = instructions;
  if (input !== undefined) body['input'] = input;
  // What stands in `instructions` does not count.
  if (!same && request.output?.type === 'json' && Array.isArray(input) && !saysJson(input))
    body['input'] = [{ type: 'message', role: 'system', content: ASK_FOR_JSON }, ...input];
  encodeTools(body, request, { same, custom, warn });
  const text: JsonObject = isObject(textExtra) ? { ...textExtra } : {};
  if (request.output !== undefined) text['format'] = encodeOutput(request.output, same);
  if (others?.verbosity !== undefined) text['verbosity'] = others.verbosity;
  if (Object.keys(text).length > 0 || textExtra !== undefined) body['text'] = text;
  const traits = same ? undefined : openaiModel(context.model);
  const thinking = reasoned(traits, request.reasoning, warn);
  if (thinking !== undefined) encodeReasoning(body, thinking, same, warn);
  const sampling = sampled(traits, request.sampling, thinking, warn);
  encodeSampling(body, sampling, warn);
  if (request.maxOutputTokens !== undefined)
    body['max_output_tokens'] = outputCap(request.maxOutputTokens, same, warn);
  if (request.user !== undefined) body['user'] = endUser(request.user, same);
  if (request.metadata !== undefined) body['metadata'] = request.metadata;
  if (request.serviceTier !== undefined) body['service_tier'] = tierOf(request.serviceTier, same);
  if (request.stream) body['stream'] = true;
  if (!same) {
    stateless(body, sampling);
    warnOfUnsaid(request.messages, ['name', 'citations', 'document', 'is_error'], warn);
    if (request.choices !== undefined && request.choices > 1)
      warn('n', 'one answer a request in this format');
  }
  return body;
}
