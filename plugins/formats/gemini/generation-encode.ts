import type { CanonicalRequest, JsonObject, OutputFormat, Warn } from '@headgate/sdk';
import { isObject } from '../shared/read-json.js';
import type { ModelTraits } from './model-traits.js';
import { jsonSchemaOf } from './schema-decode.js';
import { geminiSchema } from './schema-encode.js';
import { encodeThinking } from './thinking.js';

const LARGEST_SEED = 2_147_483_647;
const MOST_STOPS = 5;

function seedOf(seed: number, same: boolean, warn: Warn): number {
  if (same || (Number.isInteger(seed) && Math.abs(seed) <= LARGEST_SEED)) return seed;
  warn('seed', 'a seed is a whole number of 32 bits in this format; another was derived from it');
  return Math.trunc(seed % LARGEST_SEED);
}

function encodeSampling(config: JsonObject, request: CanonicalRequest, same: boolean, warn: Warn): void {
  const { sampling } = request;
  if (sampling.temperature !== undefined) config['temperature'] = sampling.temperature;
  if (sampling.topP !== undefined) config['topP'] = sampling.topP;
  if (sampling.topK !== undefined) config['topK'] = sampling.topK;
  if (sampling.frequencyPenalty !== undefined) config['frequencyPenalty'] = sampling.frequencyPenalty;
  if (sampling.presencePenalty !== undefined) config['presencePenalty'] = sampling.presencePenalty;
  if (sampling.seed !== undefined) config['seed'] = seedOf(sampling.seed, same, warn);
  if (sampling.stop !== undefined) {
    const tooMany = !same && sampling.stop.length > MOST_STOPS;
    if (tooMany) warn('stop', `only the first ${MOST_STOPS} stop strings are sent`);
    config['stopSequences'] = tooMany ? sampling.stop.slice(0, MOST_STOPS) : sampling.stop;
  }
  if (sampling.logprobs !== undefined) {
    config['responseLogprobs'] = true;
    if (sampling.logprobs.top !== undefined) config['logprobs'] = sampling.logprobs.top;
  }
  if (sampling.logitBias !== undefined) warn('logit_bias', 'not part of this format');
}

function encodeSchema(
  config: JsonObject,
  output: Extract<OutputFormat, { type: 'json-schema' }>,
  same: boolean,
  warn: Warn,
): void {
  const own = config['responseSchema'];
  if (isObject(own)) {
    if (JSON.stringify(jsonSchemaOf(own)) === JSON.stringify(output.schema)) return;
    delete config['responseSchema'];
  }
  const { schema, description } = output;
  const fitted = same ? schema : geminiSchema(schema, warn);
  const described =
    description !== undefined && fitted['description'] === undefined && fitted['$ref'] === undefined;
  config['responseJsonSchema'] = described ? { ...fitted, description } : fitted;
}

function encodeOutput(
  config: JsonObject,
  request: CanonicalRequest,
  traits: ModelTraits,
  same: boolean,
  warn: Warn,
): void {
  const { output } = request;
  if (output === undefined) return;
  if (output.type === 'text') {
    if (same) config['responseMimeType'] = 'text/plain';
    return;
  }
  const functions = request.tools?.some((tool) => tool.kind === 'function') === true;
  if (!same && functions && !traits.schemaWithTools) {
    warn(
      'response_format',
      'this model cannot be held to JSON while it has tools; the prompt must ask for it',
    );
    return;
  }
  config['responseMimeType'] = 'application/json';
  if (output.type === 'json-schema') encodeSchema(config, output, same, warn);
}

function limitOf(
  request: CanonicalRequest,
  cap: number | undefined,
  same: boolean,
  warn: Warn,
): number | undefined {
  const asked = request.maxOutputTokens;
  if (asked === undefined || same || cap === undefined || asked <= cap) return asked;
  warn('max_tokens', `the model writes at most ${cap} tokens`);
  return cap;
}

/** `generationConfig`; undefined when nothing is said in it. `cap`: the most tokens the model writes, when known. */
export function encodeGeneration(
  request: CanonicalRequest,
  traits: ModelTraits,
  cap: number | undefined,
  same: boolean,
  warn: Warn,
): JsonObject | undefined {
  const extra = same ? request.extra?.['generationConfig'] : undefined;
  const config: JsonObject = isObject(extra) ? { ...extra } : {};
  encodeSampling(config, request, same, warn);
  const limit = limitOf(request, cap, same, warn);
  if (limit !== undefined) config['maxOutputTokens'] = limit;
  if (request.choices !== undefined && (same || request.choices > 1))
    config['candidateCount'] = request.choices;
  encodeOutput(config, request, traits, same, warn);
  const thinking = encodeThinking(request, traits, limit, same, warn);
  if (thinking !== undefined) config['thinkingConfig'] = thinking;
  return Object.keys(config).length === 0 ? undefined : config;
}
