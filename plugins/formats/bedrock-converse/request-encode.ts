import type { CanonicalRequest, EncodeContext, JsonObject, Sampling, Warn } from '@headgate/sdk';
import { cacheMarkOf } from '../shared/cache-mark.js';
import { closedSchema } from '../shared/closed-schema.js';
import { isObject } from '../shared/read-json.js';
import { schemaInstruction } from '../shared/schema-instruction.js';
import { warnOfUnsaid } from '../shared/unsaid.js';
import { warnOnce } from '../shared/warn-once.js';
import type { BlockContext } from './blocks-encode.js';
import { cachePoint } from './cache-point.js';
import { DocumentNames } from './media-encode.js';
import { type EncodedMessages, encodeMessages } from './messages-encode.js';
import { type ModelTraits, modelTraits } from './model-traits.js';
import { OUTPUT_EFFORT, saidBefore } from './thinking-decode.js';
import { planThinking, type Thinking } from './thinking-encode.js';
import { ToolIds } from './tool-ids.js';
import { encodeTools } from './tools.js';
import { BEDROCK_CONVERSE, SERVICE_TIERS } from './types.js';

/** Members of the hub's sampling that this format has no word for. */
const UNKNOWN_SAMPLING: [keyof Sampling, string][] = [
  ['frequencyPenalty', 'frequency_penalty'],
  ['presencePenalty', 'presence_penalty'],
  ['seed', 'seed'],
  ['logprobs', 'logprobs'],
  ['logitBias', 'logit_bias'],
];
/** What `requestMetadata` takes, sixteen pairs at most. */
const METADATA = /^[a-zA-Z0-9\s:_@$#=/+,.-]{1,256}$/;
const MOST_METADATA = 16;

function sameSampling(inference: JsonObject, fields: JsonObject, sampling: Sampling): void {
  if (sampling.temperature !== undefined) inference['temperature'] = sampling.temperature;
  if (sampling.topP !== undefined) inference['topP'] = sampling.topP;
  if (sampling.stop !== undefined) inference['stopSequences'] = sampling.stop;
  if (sampling.topK !== undefined) fields['top_k'] = sampling.topK;
}

function writeTopK(fields: JsonObject, topK: number, traits: ModelTraits, warn: Warn): void {
  if (traits.family === 'nova') fields['inferenceConfig'] = { topK };
  else if (traits.family === 'cohere') fields['k'] = topK;
  else if (traits.family === 'openai' || traits.family === 'other') warn('top_k', 'not known to this model');
  else fields['top_k'] = topK;
}

/** Sampling of another format, kept within what the model takes. */
function fittedSampling(
  inference: JsonObject,
  fields: JsonObject,
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
  if (stop !== undefined && stop.length > 0) {
    if (traits.stopSequences) inference['stopSequences'] = stop;
    else warn('stop', 'this model takes no stop strings');
  }
  const { temperature, topP, topK } = sampling;
  const refused =
    traits.sampling === 'none'
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
    if (temperature > traits.maxTemperature)
      warn('temperature', `at most ${traits.maxTemperature} in this format`);
    inference['temperature'] = Math.min(traits.maxTemperature, temperature);
  }
  if (topP !== undefined) {
    if (temperature === undefined || traits.sampling === 'both') inference['topP'] = topP;
    else if (topP !== 1) warn('top_p', 'this model takes either temperature or top_p');
  }
  if (topK !== undefined) writeTopK(fields, topK, traits, warn);
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
    return;
  }
  const closed = same || !traits.structured ? undefined : closedSchema(output.schema);
  const schema = same ? output.schema : closed?.schema;
  if (schema === undefined) {
    warn(
      'response_format',
      traits.structured
        ? 'an object of any members cannot be enforced in this format; the model is told the schema instead'
        : 'this model cannot be held to a schema; it is told the schema instead',
    );
    encoded.system = [...(encoded.system ?? []), { text: schemaInstruction(output.schema) }];
    return;
  }
  if (closed?.loosened) warn('response_format', 'bounds in the schema are told to the model, not enforced');
  const definition: JsonObject = { schema: JSON.stringify(schema) };
  if (output.name !== undefined) definition['name'] = output.name;
  if (output.description !== undefined) definition['description'] = output.description;
  config['textFormat'] = { type: 'json_schema', structure: { jsonSchema: definition } };
}

function encodeMetadata(body: JsonObject, metadata: Record<string, string>, same: boolean, warn: Warn): void {
  const all = Object.entries(metadata);
  const fit = same
    ? all
    : all.filter((pair) => pair.every((text) => METADATA.test(text))).slice(0, MOST_METADATA);
  if (fit.length < all.length)
    warn('metadata', 'only sixteen pairs of up to 256 plain characters can be sent in this format');
  if (same || fit.length > 0) body['requestMetadata'] = Object.fromEntries(fit);
}

/** OpenAI's and Anthropic's tiers in AWS's words; undefined where there is none. */
function tierOf(tier: string, same: boolean, warn: Warn): string | undefined {
  if (same || SERVICE_TIERS.has(tier)) return tier;
  if (tier === 'auto') return undefined;
  if (tier === 'standard_only') return 'default';
  warn('service_tier', `no tier '${tier}' in this format`);
  return undefined;
}

function warnOfRest(request: CanonicalRequest, warn: Warn): void {
  if (request.choices !== undefined && request.choices > 1) warn('n', 'one answer a request in this format');
  if (request.user !== undefined) warn('user', 'the end user cannot be named in this format');
  for (const key of Object.keys(request.extra ?? {}))
    if (key !== 'cache_control') warn(key, 'not part of this format');
}

/** Anthropic's mark of a whole request stands for one after the last thing that is said. */
function markEnd(messages: JsonObject[], extra: JsonObject, traits: ModelTraits, warn: Warn): void {
  if (extra['cache_control'] === undefined || extra['cache_control'] === null) return;
  const mark = cacheMarkOf(extra);
  const content = messages.at(-1)?.['content'];
  if (mark === undefined || !traits.cache || !Array.isArray(content) || content.length === 0)
    warn('cache_control', 'this model caches no prompts at given points');
  else if (!content.some((block) => isObject(block) && block['cachePoint'] !== undefined))
    content.push(cachePoint(mark));
}

/** Reasoning as this API asked for it, or planned anew. */
function thinkingOf(
  request: CanonicalRequest,
  context: EncodeContext,
  traits: ModelTraits,
  same: boolean,
  warn: Warn,
): Thinking {
  const said = same && request.reasoning !== undefined ? saidBefore(request.reasoning) : undefined;
  if (said === undefined && !(same && request.reasoning === undefined))
    return planThinking(request, context, traits, warn);
  const { [OUTPUT_EFFORT]: effort, ...fields } = said ?? {};
  const plan: Thinking = { fields, thinks: false };
  if (typeof effort === 'string') plan.effort = effort;
  if (request.maxOutputTokens !== undefined) plan.maxTokens = request.maxOutputTokens;
  return plan;
}

function bag(extra: JsonObject | undefined, key: string): JsonObject {
  const value = extra?.[key];
  return isObject(value) ? { ...value } : {};
}

function putFilled(body: JsonObject, key: string, value: JsonObject): void {
  if (Object.keys(value).length > 0) body[key] = value;
}

/** The model's name goes into the path, so the body does not hold it. */
export function encodeRequest(request: CanonicalRequest, context: EncodeContext): JsonObject {
  const same = request.origin === BEDROCK_CONVERSE;
  const warn = warnOnce(context.warn);
  const traits = modelTraits(context.model);
  const extra = same ? request.extra : undefined;
  const blocks: BlockContext = {
    same,
    answer: false,
    warn,
    ids: new ToolIds(same, traits.family === 'mistral'),
    names: new DocumentNames(),
    traits,
  };
  if (!same) warnOfUnsaid(request.messages, ['name', 'citations'], warn);
  const encoded = encodeMessages(request.messages, blocks);
  const thinking = thinkingOf(request, context, traits, same, warn);
  const inference = bag(extra, 'inferenceConfig');
  const fields = { ...bag(extra, 'additionalModelRequestFields'), ...thinking.fields };
  const config = bag(extra, 'outputConfig');
  const tier = bag(extra, 'serviceTier');

  const body: JsonObject = { ...extra };
  if (thinking.maxTokens !== undefined) inference['maxTokens'] = thinking.maxTokens;
  if (thinking.effort !== undefined) config['effort'] = thinking.effort;
  encodeOutput(config, encoded, request, traits, same, warn);
  encodeTools(body, fields, request, traits, same, warn);
  if (same) sameSampling(inference, fields, request.sampling);
  else {
    fittedSampling(inference, fields, request.sampling, traits, thinking.thinks, warn);
    warnOfRest(request, warn);
    markEnd(encoded.messages, request.extra ?? {}, traits, warn);
    // Only then Claude says which of them it wrote.
    if (traits.family === 'anthropic' && inference['stopSequences'] !== undefined)
      body['additionalModelResponseFieldPaths'] = [
        request.stream ? '/delta/stop_sequence' : '/stop_sequence',
      ];
  }
  if (encoded.system !== undefined) body['system'] = encoded.system;
  body['messages'] = encoded.messages;
  putFilled(body, 'inferenceConfig', inference);
  putFilled(body, 'additionalModelRequestFields', fields);
  putFilled(body, 'outputConfig', config);
  if (request.metadata !== undefined) encodeMetadata(body, request.metadata, same, warn);
  const word = request.serviceTier === undefined ? undefined : tierOf(request.serviceTier, same, warn);
  if (word !== undefined) tier['type'] = word;
  putFilled(body, 'serviceTier', tier);
  return body;
}
