import type { CanonicalRequest, JsonObject, Message, OutputFormat, Role, Sampling } from '@headgate/sdk';
import { MalformedBody } from '@headgate/sdk';
import * as read from '../shared/read-json.js';
import { decodeContent } from './blocks-decode.js';
import { decodeThinking } from './thinking.js';
import { decodeToolChoice, decodeTools } from './tools.js';
import { ANTHROPIC_MESSAGES, REQUEST_KEYS } from './types.js';

const MESSAGE_KEYS = new Set(['role', 'content']);
const OUTPUT_KEYS = new Set(['effort', 'format']);
const USER_KEYS = new Set(['user_id']);

function decodeMessage(json: JsonObject, path: string): Message {
  const role = read.needString(json, 'role', path);
  if (role !== 'user' && role !== 'assistant' && role !== 'system') {
    const param = read.join(path, 'role');
    throw new MalformedBody(`'${param}' must be user, assistant or system, not '${role}'`, param);
  }
  const contentPath = read.join(path, 'content');
  if (json['content'] === undefined || json['content'] === null)
    throw new MalformedBody(`'${contentPath}' must be a string or an array of blocks`, contentPath);
  const message: Message = { role: role as Role, parts: decodeContent(json['content'], contentPath) };
  const extra = read.extraOf(json, MESSAGE_KEYS);
  if (extra !== undefined) message.extra = extra;
  return message;
}

function decodeMessages(body: JsonObject): Message[] {
  const array = read.needArray(body, 'messages', '');
  const messages: Message[] = [];
  const system = decodeContent(body['system'], 'system');
  if (system.length > 0) messages.push({ role: 'system', parts: system });
  array.forEach((_, i) => {
    messages.push(decodeMessage(read.objectAt(array, i, 'messages'), `messages[${i}]`));
  });
  return messages;
}

function decodeSampling(body: JsonObject): Sampling {
  const sampling: Sampling = {};
  const temperature = read.optNumber(body, 'temperature', '');
  if (temperature !== undefined) sampling.temperature = temperature;
  const topP = read.optNumber(body, 'top_p', '');
  if (topP !== undefined) sampling.topP = topP;
  const topK = read.optInteger(body, 'top_k', '');
  if (topK !== undefined) sampling.topK = topK;
  const stop = read.optStrings(body, 'stop_sequences', '');
  if (stop !== undefined) sampling.stop = stop;
  return sampling;
}

/** `output_config.format`, or `output_format` as the beta called it. */
function decodeOutput(body: JsonObject): OutputFormat | undefined {
  const config = read.optObject(body, 'output_config', '');
  const inner = config === undefined ? undefined : read.optObject(config, 'format', 'output_config');
  const format = inner ?? read.optObject(body, 'output_format', '');
  if (format === undefined) return undefined;
  const path = inner === undefined ? 'output_format' : 'output_config.format';
  if (format['type'] !== 'json_schema')
    throw new MalformedBody(`'${path}.type' must be json_schema`, `${path}.type`);
  return { type: 'json-schema', schema: read.needObject(format, 'schema', path) };
}

export function decodeRequest(body: JsonObject): CanonicalRequest {
  const request: CanonicalRequest = {
    origin: ANTHROPIC_MESSAGES,
    model: read.needString(body, 'model', ''),
    messages: decodeMessages(body),
    sampling: decodeSampling(body),
    stream: read.optBoolean(body, 'stream', '') === true,
  };
  const set = <K extends keyof CanonicalRequest>(key: K, value: CanonicalRequest[K] | undefined): void => {
    if (value !== undefined) request[key] = value;
  };
  set('tools', decodeTools(body));
  const { choice, parallel } = decodeToolChoice(body);
  set('toolChoice', choice);
  set('parallelToolCalls', parallel);
  set('output', decodeOutput(body));
  set('maxOutputTokens', read.optInteger(body, 'max_tokens', ''));
  set('reasoning', decodeThinking(body));
  set('serviceTier', read.optString(body, 'service_tier', ''));
  let extra = read.extraOf(body, REQUEST_KEYS);
  const metadata = read.optObject(body, 'metadata', '');
  if (metadata !== undefined) {
    set('user', read.optString(metadata, 'user_id', 'metadata'));
    const rest = read.extraOf(metadata, USER_KEYS);
    if (rest !== undefined) extra = { ...extra, metadata: rest };
  }
  const config = read.optObject(body, 'output_config', '');
  const rest = config === undefined ? undefined : read.extraOf(config, OUTPUT_KEYS);
  if (rest !== undefined) extra = { ...extra, output_config: rest };
  set('extra', extra);
  return request;
}
