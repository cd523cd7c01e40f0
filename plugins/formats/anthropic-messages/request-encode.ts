import type { CanonicalRequest, EncodeContext, JsonObject, Sampling, Warn } from '@headgate/sdk';
import { closedSchema } from '../shared/closed-schema.js';
import { isObject } from '../shared/read-json.js';
import { schemaInstruction } from '../shared/schema-instruction.js';
import { warnOfUnsaid } from '../shared/unsaid.js';
import { warnOnce } from '../shared/warn-once.js';
import { type EncodedMessages, encodeMessages } from './messages-encode.js';
import { type ModelTraits, modelTraits } from './model-traits.js';
import { planThinking, sameThinking, type Thinking } from './thinking.js';
import { ToolIds } from './tool-ids.js';
import { encodeTools } from './tools.js';
import { isAnthropic } from './types.js';

/** Members of the hub's sampling that this format has no word for. */
const UNKNOWN_SAMPLING: [keyof Sampling, string][] = [
  ['frequencyPenalty', 'frequency_penalty'],
  ['presencePenalty', 'presence_penalty'],
  ['seed', 'seed'],
  ['logprobs', 'logprobs'],
  ['logitBias', 'logit_bias'],
];

function sameSampling(body: JsonObject, sampling: Sampling): void {
  if (sampling.temperature !== undefined) body['temperature'] = sampling.temperature;
  if (sampling.topP !== undefined) body['top_p'] = sampling.topP;
  if (sampling.topK !== undefined) body['top_k'] = sampling.topK;
  if (sampling.stop !== undefined) body['stop_sequences'] = sampling.stop;
}

/** Sampling of another format, kept within what the model takes. */
function fittedSampling(
  body: JsonObject,
  sampling: Sampling,
  traits: ModelTraits,
  thinks: boolean,
  warn: Warn,
): void {
  for (const [key, name] of UNKNOWN_SAMPLING)
    if (sampling[key] !== undefined) warn(name, 'not part of this format');
  const stop = sampling.stop?.filter((text) => text.trim() !== '');
  if (stop?.length !== sampling.stop?.length)
    warn('stop', 'stop strings of white space only are refused by this format');
  if (stop !== undefined && stop.length > 0) body['stop_sequences'] = stop;
  const { temperature, topP, topK } = sampling;
  const refused = traits.noSampling
    ? 'this model takes no sampling parameters'
    : thinks
      ? 'not allowed while the model thinks'
      : '';
  if (refused !== '') {
    if (temperature !== undefined && temperature !== 1) warn('temperature', refused);
    if (topP !== undefined && topP !== 1) warn('top_p', refused);
    if (topK !== undefined) warn('top_k', refused);
    return;
  }
  if (temperature !== undefined) {
    if (temperature > 1) warn('temperature', 'at most 1 in this format');
    body['temperature'] = Math.min(1, temperature);
  }
  if (topP !== undefined) {
    if (temperature === undefined || !traits.oneOfTemperatureAndTopP) body['top_p'] = topP;
    else if (topP !== 1) warn('top_p', 'this model takes either temperature or top_p');
  }
  if (topK !== undefined) body['top_k'] = topK;
}

/** OpenAI's tiers in Anthropic's words; undefined where there is none. */
function tierOf(tier: string, same: boolean, warn: Warn): string | undefined {
  if (same || tier === 'auto' || tier === 'standard_only') return tier;
  if (tier === 'priority') return 'auto';
  if (tier === 'default') return 'standard_only';
  warn('service_tier', `no tier '${tier}' in this format`);
  return undefined;
}

function encodeOutput(
  config: JsonObject,
  encoded: EncodedMessages,
  request: CanonicalRequest,
  traits: ModelTraits,
  same: boolean,
  warn: Warn,
): void {
  const { output } = request;
  if (output === undefined || output.type === 'text') return;
  if (output.type === 'json') {
    warn(
      'response_format',
      'JSON cannot be enforced without a schema in this format; the prompt must ask for it',
    );
  } else if (same) {
    config['format'] = { type: 'json_schema', schema: output.schema };
  } else {
    const closed = traits.structured ? closedSchema(output.schema) : undefined;
    if (closed !== undefined) {
      config['format'] = { type: 'json_schema', schema: closed.schema };
      if (closed.loosened)
        warn('response_format', 'bounds in the schema are told to the model, not enforced');
      return;
    }
    warn(
      'response_format',
      traits.structured
        ? 'an object of any members cannot be enforced in this format; the model is told the schema instead'
        : 'this model cannot be held to a schema; it is told the schema instead',
    );
    const text = schemaInstruction(output.schema);
    const { system } = encoded;
    encoded.system =
      typeof system === 'string' ? `${system}\n\n${text}` : [...(system ?? []), { type: 'text', text }];
  }
}

function warnOfRest(request: CanonicalRequest, warn: Warn): void {
  if (request.choices !== undefined && request.choices > 1) warn('n', 'one answer a request in this format');
  if (request.metadata !== undefined) warn('metadata', 'not part of this format');
  if (request.extra !== undefined)
    for (const key of Object.keys(request.extra)) warn(key, 'not part of this format');
}

export function encodeRequest(request: CanonicalRequest, context: EncodeContext): JsonObject {
  const same = isAnthropic(request.origin);
  const warn = warnOnce(context.warn);
  const traits = modelTraits(context.model);
  const {
    metadata: metadataExtra,
    output_config: configExtra,
    ...extra
  } = (same ? request.extra : undefined) ?? {};
  const plan: Thinking = same ? sameThinking(request, context) : planThinking(request, context, traits, warn);
  if (!same) warnOfUnsaid(request.messages, ['name', 'citations'], warn);
  const encoded = encodeMessages(request.messages, { same, forClient: false, warn, ids: new ToolIds(same) });
  const config: JsonObject = isObject(configExtra) ? { ...configExtra } : {};
  if (plan.effort !== undefined) config['effort'] = plan.effort;
  encodeOutput(config, encoded, request, traits, same, warn);

  const body: JsonObject = { ...extra, model: context.model, max_tokens: plan.maxTokens };
  if (encoded.system !== undefined) body['system'] = encoded.system;
  body['messages'] = encoded.messages;
  encodeTools(body, request, traits, same, warn);
  if (plan.thinking !== undefined) body['thinking'] = plan.thinking;
  if (Object.keys(config).length > 0) body['output_config'] = config;
  if (same) sameSampling(body, request.sampling);
  else {
    const thinks = plan.thinking !== undefined && plan.thinking['type'] !== 'disabled';
    fittedSampling(body, request.sampling, traits, thinks, warn);
    warnOfRest(request, warn);
  }
  const metadata: JsonObject = isObject(metadataExtra) ? { ...metadataExtra } : {};
  if (request.user !== undefined) metadata['user_id'] = request.user;
  if (Object.keys(metadata).length > 0) body['metadata'] = metadata;
  const tier = request.serviceTier === undefined ? undefined : tierOf(request.serviceTier, same, warn);
  if (tier !== undefined) body['service_tier'] = tier;
  if (request.stream) body['stream'] = true;
  return body;
}
