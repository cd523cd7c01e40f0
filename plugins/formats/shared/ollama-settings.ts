import type {
  CanonicalRequest,
  JsonObject,
  OutputFormat,
  ReasoningRequest,
  Sampling,
  ScannedFields,
  Warn,
} from '@headgate/sdk';
import { MalformedBody } from '@headgate/sdk';
import * as read from './read-json.js';
import { scannedInteger, scannedJson } from './scanned-field.js';

/** What `/api/chat` and `/api/generate` say alike beside the messages: `options`, `format`, `think`, `logprobs`, `stream`. */

type Effort = NonNullable<ReasoningRequest['effort']>;

/** Top-level members read here and not kept in `extra`. */
export const SETTING_KEYS: readonly string[] = [
  'model',
  'stream',
  'options',
  'format',
  'think',
  'logprobs',
  'top_logprobs',
];

const ORIGINS: readonly string[] = ['ollama-chat', 'ollama-generate'];
/** What the hub has no name for and both of the paths take. */
const SHARED_EXTRA: readonly string[] = ['options', 'keep_alive', 'truncate', 'shift'];

const OPTION_KEYS = new Set([
  'temperature',
  'top_p',
  'top_k',
  'frequency_penalty',
  'presence_penalty',
  'seed',
  'stop',
  'num_predict',
]);
const EFFORTS = new Set(['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max']);

/** The levels that every version with levels knows. */
const LEVELS: Record<Effort, boolean | string> = {
  none: false,
  minimal: 'low',
  low: 'low',
  medium: 'medium',
  high: 'high',
  xhigh: 'high',
  max: 'high',
};

function decodeSampling(body: JsonObject, options: JsonObject): Sampling {
  const sampling: Sampling = {};
  const set = <K extends keyof Sampling>(key: K, value: Sampling[K] | undefined): void => {
    if (value !== undefined) sampling[key] = value;
  };
  set('temperature', read.optNumber(options, 'temperature', 'options'));
  set('topP', read.optNumber(options, 'top_p', 'options'));
  set('topK', read.optInteger(options, 'top_k', 'options'));
  set('frequencyPenalty', read.optNumber(options, 'frequency_penalty', 'options'));
  set('presencePenalty', read.optNumber(options, 'presence_penalty', 'options'));
  set('seed', read.optNumber(options, 'seed', 'options'));
  set('stop', read.optStrings(options, 'stop', 'options'));
  const top = read.optInteger(body, 'top_logprobs', '');
  if (read.optBoolean(body, 'logprobs', '') === true || top !== undefined)
    sampling.logprobs = top === undefined ? {} : { top };
  return sampling;
}

function decodeOutput(body: JsonObject): OutputFormat | undefined {
  const { format } = body;
  if (format === undefined || format === null || format === '') return undefined;
  if (format === 'json') return { type: 'json' };
  if (read.isObject(format)) return { type: 'json-schema', schema: format };
  throw new MalformedBody("'format' must be 'json' or a JSON schema", 'format');
}

function decodeThink(body: JsonObject): ReasoningRequest | undefined {
  const { think } = body;
  if (think === undefined || think === null) return undefined;
  if (typeof think === 'boolean') return { enabled: think };
  if (typeof think !== 'string' || !EFFORTS.has(think))
    throw new MalformedBody("'think' must be true, false or a level: low, medium, high, max", 'think');
  return think === 'none' ? { effort: think, enabled: false } : { effort: think as Effort };
}

/** Reads the settings into the request; `known` are the members that the format reads itself. */
export function decodeSettings(
  body: JsonObject,
  origin: string,
  messages: CanonicalRequest['messages'],
  known: ReadonlySet<string>,
): CanonicalRequest {
  const options = read.optObject(body, 'options', '') ?? {};
  const request: CanonicalRequest = {
    origin,
    model: read.needString(body, 'model', ''),
    messages,
    sampling: decodeSampling(body, options),
    stream: read.optBoolean(body, 'stream', '') !== false,
  };
  const output = decodeOutput(body);
  if (output !== undefined) request.output = output;
  const reasoning = decodeThink(body);
  if (reasoning !== undefined) request.reasoning = reasoning;
  let extra = read.extraOf(body, known);
  let rest = read.extraOf(options, OPTION_KEYS);
  const cap = read.optInteger(options, 'num_predict', 'options');
  // -1 is no cap at all, -2 as much as fits into the context.
  if (cap !== undefined && cap < 0) rest = { ...rest, num_predict: cap };
  else if (cap !== undefined) request.maxOutputTokens = cap;
  if (rest !== undefined) extra = { ...extra, options: rest };
  if (extra !== undefined) request.extra = extra;
  return request;
}

function encodeOptions(request: CanonicalRequest, kept: JsonObject): JsonObject {
  const { sampling } = request;
  const options: JsonObject = { ...kept };
  if (sampling.temperature !== undefined) options['temperature'] = sampling.temperature;
  if (sampling.topP !== undefined) options['top_p'] = sampling.topP;
  if (sampling.topK !== undefined) options['top_k'] = sampling.topK;
  if (sampling.frequencyPenalty !== undefined) options['frequency_penalty'] = sampling.frequencyPenalty;
  if (sampling.presencePenalty !== undefined) options['presence_penalty'] = sampling.presencePenalty;
  if (sampling.seed !== undefined) options['seed'] = sampling.seed;
  if (sampling.stop !== undefined) options['stop'] = sampling.stop;
  if (request.maxOutputTokens !== undefined) options['num_predict'] = request.maxOutputTokens;
  return options;
}

/** Models without levels take one for `true`. */
function thinkOf(reasoning: ReasoningRequest, same: boolean): boolean | string | undefined {
  const { effort, enabled, budgetTokens: budget } = reasoning;
  if (same) return effort ?? enabled;
  if (enabled === false) return false;
  if (effort !== undefined) return LEVELS[effort];
  if (budget !== undefined) return budget <= 2048 ? 'low' : budget <= 8192 ? 'medium' : 'high';
  return enabled;
}

function warnOfRest(request: CanonicalRequest, warn: Warn): void {
  const { sampling } = request;
  if (sampling.logitBias !== undefined) warn('logit_bias', 'not part of this format');
  if (request.choices !== undefined && request.choices > 1) warn('n', 'one answer a request in this format');
  if (request.parallelToolCalls === false)
    warn('parallel_tool_calls', 'the number of tool calls cannot be limited in this format');
  if (request.user !== undefined) warn('user', 'not part of this format');
  if (request.metadata !== undefined) warn('metadata', 'not part of this format');
  if (request.serviceTier !== undefined) warn('service_tier', 'not part of this format');
  const kept = ORIGINS.includes(request.origin) ? SHARED_EXTRA : [];
  for (const key of Object.keys(request.extra ?? {}))
    if (!kept.includes(key)) warn(key, 'not part of this format');
}

/** What came for the other of Ollama's two paths and means the same at this one. */
function takeOver(body: JsonObject, extra: JsonObject): void {
  for (const key of SHARED_EXTRA) if (key !== 'options' && extra[key] !== undefined) body[key] = extra[key];
}

/** Writes the settings into the body. `stream` is always said, since its default is true. */
export function encodeSettings(body: JsonObject, request: CanonicalRequest, same: boolean, warn: Warn): void {
  const { sampling, output, reasoning } = request;
  const kin = same || ORIGINS.includes(request.origin);
  if (kin && !same && request.extra !== undefined) takeOver(body, request.extra);
  const kept = kin ? request.extra?.['options'] : undefined;
  const options = encodeOptions(request, read.isObject(kept) ? kept : {});
  if (Object.keys(options).length > 0) body['options'] = options;
  if (output?.type === 'json') body['format'] = 'json';
  else if (output?.type === 'json-schema') body['format'] = output.schema;
  const think = reasoning === undefined ? undefined : thinkOf(reasoning, kin);
  if (think !== undefined) body['think'] = think;
  if (sampling.logprobs !== undefined) {
    body['logprobs'] = true;
    if (sampling.logprobs.top !== undefined) body['top_logprobs'] = sampling.logprobs.top;
  }
  body['stream'] = request.stream;
  if (!same) warnOfRest(request, warn);
}

/** `options.num_predict`; a negative one is no cap. */
export function numPredict(fields: ScannedFields): number | undefined {
  const options = scannedJson(fields.json('options'));
  if (typeof options !== 'object' || options === null) return undefined;
  const cap = (options as Record<string, unknown>)['num_predict'];
  return typeof cap === 'number' ? scannedInteger(String(cap)) : undefined;
}
