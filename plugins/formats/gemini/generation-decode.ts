import type { CanonicalRequest, JsonObject, OutputFormat, Sampling } from '@headgate/sdk';
import { optNumeric, optWhole, spelled } from '../shared/google-spelling.js';
import { extraOf, isObject, optBoolean, optObject, optString, optStrings } from '../shared/read-json.js';
import { jsonSchemaOf } from './schema-decode.js';
import { decodeThinking } from './thinking.js';

const PATH = 'generationConfig';
const KEYS = new Set([
  'temperature',
  'topP',
  'topK',
  'maxOutputTokens',
  'stopSequences',
  'candidateCount',
  'seed',
  'presencePenalty',
  'frequencyPenalty',
  'responseLogprobs',
  'logprobs',
  'responseMimeType',
  'responseSchema',
  'responseJsonSchema',
  'thinkingConfig',
  'responseModalities',
  'speechConfig',
  'mediaResolution',
  'imageConfig',
  'audioTimestamp',
  'enableAffectiveDialog',
  'routingConfig',
  'enableEnhancedCivicAnswers',
]);
/** Said by the hub in every case; the others only when it understood them. */
const SAID = new Set([
  'temperature',
  'topP',
  'topK',
  'maxOutputTokens',
  'stopSequences',
  'candidateCount',
  'seed',
  'presencePenalty',
  'frequencyPenalty',
  'responseLogprobs',
]);

function decodeSampling(config: JsonObject): Sampling {
  const sampling: Sampling = {};
  const set = <K extends keyof Sampling>(key: K, value: Sampling[K] | undefined): void => {
    if (value !== undefined) sampling[key] = value;
  };
  set('temperature', optNumeric(config, 'temperature', PATH));
  set('topP', optNumeric(config, 'topP', PATH));
  set('topK', optNumeric(config, 'topK', PATH));
  set('frequencyPenalty', optNumeric(config, 'frequencyPenalty', PATH));
  set('presencePenalty', optNumeric(config, 'presencePenalty', PATH));
  set('seed', optNumeric(config, 'seed', PATH));
  set('stop', optStrings(config, 'stopSequences', PATH));
  if (optBoolean(config, 'responseLogprobs', PATH) === true) {
    const top = optWhole(config, 'logprobs', PATH);
    sampling.logprobs = top === undefined ? {} : { top };
  }
  return sampling;
}

/** JSON with or without a schema; undefined for the forms only Google knows, such as `text/x.enum`. */
function decodeOutput(config: JsonObject): OutputFormat | undefined {
  const type = optString(config, 'responseMimeType', PATH);
  if (type === 'text/plain') return { type: 'text' };
  if (type !== 'application/json') return undefined;
  if (config['responseJsonSchema'] != null)
    return { type: 'json-schema', schema: optObject(config, 'responseJsonSchema', PATH) ?? {} };
  const own = optObject(config, 'responseSchema', PATH);
  return own === undefined ? { type: 'json' } : { type: 'json-schema', schema: jsonSchemaOf(own) };
}

/** Fills the request from `generationConfig` and returns what of it the hub has no name for. */
export function decodeGeneration(body: JsonObject, request: CanonicalRequest): JsonObject | undefined {
  const raw = optObject(body, 'generationConfig', '');
  if (raw === undefined) return undefined;
  const config = spelled(raw, KEYS);
  request.sampling = decodeSampling(config);
  const cap = optWhole(config, 'maxOutputTokens', PATH);
  if (cap !== undefined) request.maxOutputTokens = cap;
  const choices = optWhole(config, 'candidateCount', PATH);
  if (choices !== undefined) request.choices = choices;
  const extra: JsonObject = extraOf(config, SAID) ?? {};
  if (request.sampling.logprobs !== undefined) delete extra['logprobs'];
  const output = decodeOutput(config);
  if (output !== undefined) {
    request.output = output;
    delete extra['responseMimeType'];
    if (output.type === 'json-schema') delete extra['responseJsonSchema'];
    // A schema in Google's own words stays beside the hub's, for a target of this format.
  }
  const reasoning = decodeThinking(config);
  if (reasoning !== undefined) {
    request.reasoning = reasoning;
    delete extra['thinkingConfig'];
  }
  return isObject(extra) && Object.keys(extra).length > 0 ? extra : undefined;
}
