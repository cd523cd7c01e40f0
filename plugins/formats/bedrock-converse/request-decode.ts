import type { CanonicalRequest, JsonObject, Message, OutputFormat, Role, Sampling } from '@headgate/sdk';
import { MalformedBody } from '@headgate/sdk';
import { tryParse } from '../shared/parse-json.js';
import * as read from '../shared/read-json.js';
import { decodeBlocks } from './blocks-decode.js';
import { takeReasoning } from './thinking-decode.js';
import { decodeTools } from './tools.js';
import { BEDROCK_CONVERSE, REQUEST_KEYS } from './types.js';

const MESSAGE_KEYS = new Set(['role', 'content']);
const INFERENCE_KEYS = new Set(['maxTokens', 'temperature', 'topP', 'stopSequences']);
const OUTPUT_KEYS = new Set(['textFormat', 'effort']);
const TIER_KEYS = new Set(['type']);

function decodeMessage(json: JsonObject, path: string): Message {
  const role = read.needString(json, 'role', path);
  if (role !== 'user' && role !== 'assistant' && role !== 'system') {
    const param = read.join(path, 'role');
    throw new MalformedBody(`'${param}' must be user, assistant or system, not '${role}'`, param);
  }
  const content = read.needArray(json, 'content', path);
  const message: Message = { role: role as Role, parts: decodeBlocks(content, read.join(path, 'content')) };
  const extra = read.extraOf(json, MESSAGE_KEYS);
  if (extra !== undefined) message.extra = extra;
  return message;
}

/** `messages` may be missing where the model id names a prompt of Prompt management. */
function decodeMessages(body: JsonObject): Message[] {
  const messages: Message[] = [];
  const system = read.optArray(body, 'system', '');
  if (system !== undefined && system.length > 0)
    messages.push({ role: 'system', parts: decodeBlocks(system, 'system') });
  const array = read.optArray(body, 'messages', '') ?? [];
  array.forEach((_, i) => {
    messages.push(decodeMessage(read.objectAt(array, i, 'messages'), `messages[${i}]`));
  });
  return messages;
}

/** `schema` is JSON text here. Undefined for a form nobody documents, which stays in `extra`. */
function decodeOutput(config: JsonObject): OutputFormat | undefined {
  const format = read.optObject(config, 'textFormat', 'outputConfig');
  if (format === undefined || format['type'] !== 'json_schema') return undefined;
  const path = 'outputConfig.textFormat.structure';
  const structure = read.needObject(format, 'structure', 'outputConfig.textFormat');
  const definition = read.needObject(structure, 'jsonSchema', path);
  const at = `${path}.jsonSchema`;
  const schema = tryParse(read.needString(definition, 'schema', at));
  if (!read.isObject(schema))
    throw new MalformedBody(`'${at}.schema' must be a JSON Schema as JSON text`, `${at}.schema`);
  const output: OutputFormat = { type: 'json-schema', schema };
  const name = read.optString(definition, 'name', at);
  if (name !== undefined) output.name = name;
  const description = read.optString(definition, 'description', at);
  if (description !== undefined) output.description = description;
  return output;
}

function decodeSampling(inference: JsonObject, fields: JsonObject): Sampling {
  const sampling: Sampling = {};
  const base = 'inferenceConfig';
  const temperature = read.optNumber(inference, 'temperature', base);
  if (temperature !== undefined) sampling.temperature = temperature;
  const topP = read.optNumber(inference, 'topP', base);
  if (topP !== undefined) sampling.topP = topP;
  const stop = read.optStrings(inference, 'stopSequences', base);
  if (stop !== undefined) sampling.stop = stop;
  // Claude's and Mistral's name; what other families call it stays with their other fields.
  const topK = fields['top_k'];
  if (typeof topK === 'number' && Number.isSafeInteger(topK)) {
    sampling.topK = topK;
    delete fields['top_k'];
  }
  return sampling;
}

/** The model and whether the answer is streamed stand in the path: the gateway fills them in. */
export function decodeRequest(body: JsonObject): CanonicalRequest {
  const inference = read.optObject(body, 'inferenceConfig', '') ?? {};
  const fields = { ...read.optObject(body, 'additionalModelRequestFields', '') };
  const config = read.optObject(body, 'outputConfig', '') ?? {};
  const request: CanonicalRequest = {
    origin: BEDROCK_CONVERSE,
    model: '',
    messages: decodeMessages(body),
    sampling: decodeSampling(inference, fields),
    stream: false,
  };
  const set = <K extends keyof CanonicalRequest>(key: K, value: CanonicalRequest[K] | undefined): void => {
    if (value !== undefined) request[key] = value;
  };
  const { tools, choice, extra: toolExtra } = decodeTools(body);
  set('tools', tools);
  set('toolChoice', choice);
  set('maxOutputTokens', read.optInteger(inference, 'maxTokens', 'inferenceConfig'));
  set('reasoning', takeReasoning(fields, read.optString(config, 'effort', 'outputConfig')));
  set('output', decodeOutput(config));
  set('metadata', read.optStringMap(body, 'requestMetadata', ''));
  const tier = read.optObject(body, 'serviceTier', '') ?? {};
  set('serviceTier', read.optString(tier, 'type', 'serviceTier'));

  const extra: JsonObject = { ...read.extraOf(body, REQUEST_KEYS) };
  const keep = (key: string, value: JsonObject | undefined): void => {
    if (value !== undefined && Object.keys(value).length > 0) extra[key] = value;
  };
  keep('inferenceConfig', read.extraOf(inference, INFERENCE_KEYS));
  keep('additionalModelRequestFields', fields);
  keep('toolConfig', toolExtra);
  keep('serviceTier', read.extraOf(tier, TIER_KEYS));
  const rest = read.extraOf(config, OUTPUT_KEYS);
  const format = request.output === undefined ? config['textFormat'] : undefined;
  keep('outputConfig', read.isObject(format) ? { ...rest, textFormat: format } : rest);
  if (Object.keys(extra).length > 0) request.extra = extra;
  return request;
}
