import type { CanonicalRequest, JsonObject, OutputFormat, ReasoningRequest, Sampling } from '@headgate/sdk';
import { MalformedBody } from '@headgate/sdk';
import * as read from '../shared/read-json.js';
import { decodeInput } from './items-decode.js';
import { decodeToolChoice, decodeTools } from './tools.js';
import { LOGPROBS, OPENAI_RESPONSES, REQUEST_KEYS } from './types.js';

const EFFORTS = new Set(['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max']);
const EFFORT_KEYS = new Set(['effort']);
const NOTHING: ReadonlySet<string> = new Set();
const TEXT_KEYS = new Set(['format']);
const SCHEMA_KEYS = new Set(['type', 'name', 'description', 'schema', 'strict']);

/** `reasoning: { effort, summary, … }`; the object's presence is remembered by an `extra` bag. */
function decodeReasoning(body: JsonObject): ReasoningRequest | undefined {
  const object = read.optObject(body, 'reasoning', '');
  if (object === undefined) return undefined;
  const effort = read.optString(object, 'effort', 'reasoning');
  if (effort !== undefined && !EFFORTS.has(effort))
    throw new MalformedBody(
      `'reasoning.effort' must be one of ${[...EFFORTS].join(', ')}`,
      'reasoning.effort',
    );
  const reasoning: ReasoningRequest = {
    extra: read.extraOf(object, effort === undefined ? NOTHING : EFFORT_KEYS) ?? {},
  };
  if (effort !== undefined) reasoning.effort = effort as NonNullable<ReasoningRequest['effort']>;
  if (effort === 'none') reasoning.enabled = false;
  return reasoning;
}

/** `top_logprobs`, or the member of `include` that asks for log probabilities without alternatives. */
function decodeSampling(body: JsonObject): Sampling {
  const sampling: Sampling = {};
  const temperature = read.optNumber(body, 'temperature', '');
  if (temperature !== undefined) sampling.temperature = temperature;
  const topP = read.optNumber(body, 'top_p', '');
  if (topP !== undefined) sampling.topP = topP;
  const top = read.optInteger(body, 'top_logprobs', '');
  const include = read.optArray(body, 'include', '');
  if (top !== undefined) sampling.logprobs = { top };
  else if (include?.includes(LOGPROBS)) sampling.logprobs = {};
  return sampling;
}

/** Undefined for the forms of other servers, which stay in `extra`. */
function decodeOutput(text: JsonObject): OutputFormat | undefined {
  const format = read.optObject(text, 'format', 'text');
  if (format === undefined) return undefined;
  const path = 'text.format';
  const type = read.needString(format, 'type', path);
  if (type === 'text' && Object.keys(format).length === 1) return { type: 'text' };
  if (type === 'json_object' && Object.keys(format).length === 1) return { type: 'json' };
  if (type !== 'json_schema' || read.extraOf(format, SCHEMA_KEYS) !== undefined) return undefined;
  const output: OutputFormat = { type: 'json-schema', schema: read.needObject(format, 'schema', path) };
  const name = read.optString(format, 'name', path);
  if (name !== undefined) output.name = name;
  const description = read.optString(format, 'description', path);
  if (description !== undefined) output.description = description;
  const strict = read.optBoolean(format, 'strict', path);
  if (strict !== undefined) output.strict = strict;
  return output;
}

export function decodeRequest(body: JsonObject): CanonicalRequest {
  const messages = decodeInput(body['input']);
  const instructions = read.optString(body, 'instructions', '');
  if (instructions !== undefined)
    messages.unshift({
      role: 'system',
      parts: [{ type: 'text', text: instructions }],
      extra: { instructions: true },
    });
  const request: CanonicalRequest = {
    origin: OPENAI_RESPONSES,
    model: read.needString(body, 'model', ''),
    messages,
    sampling: decodeSampling(body),
    stream: read.optBoolean(body, 'stream', '') === true,
  };
  const set = <K extends keyof CanonicalRequest>(key: K, value: CanonicalRequest[K] | undefined): void => {
    if (value !== undefined) request[key] = value;
  };
  set('tools', decodeTools(body));
  set('toolChoice', decodeToolChoice(body));
  set('parallelToolCalls', read.optBoolean(body, 'parallel_tool_calls', ''));
  set('maxOutputTokens', read.optInteger(body, 'max_output_tokens', ''));
  set('reasoning', decodeReasoning(body));
  set('user', read.optString(body, 'user', ''));
  set('metadata', read.optStringMap(body, 'metadata', ''));
  set('serviceTier', read.optString(body, 'service_tier', ''));
  let extra = read.extraOf(body, REQUEST_KEYS);
  const text = read.optObject(body, 'text', '');
  if (text !== undefined) {
    set('output', decodeOutput(text));
    const rest = request.output === undefined ? text : read.extraOf(text, TEXT_KEYS);
    if (rest !== undefined) extra = { ...extra, text: rest };
  }
  // An empty list leaves no message to write it again.
  if (Array.isArray(body['input']) && body['input'].length === 0) extra = { ...extra, input: [] };
  set('extra', extra);
  return request;
}
