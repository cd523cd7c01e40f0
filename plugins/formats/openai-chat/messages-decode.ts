import type { JsonObject, Message, Part, Role, ToolCallPart } from '@headgate/sdk';
import { MalformedBody } from '@headgate/sdk';
import { cacheMarkOf } from '../shared/cache-mark.js';
import {
  extraOf,
  isObject,
  join,
  needArray,
  needObject,
  needString,
  objectAt,
  optArray,
  optObject,
  optString,
} from '../shared/read-json.js';
import { decodeContent } from './content.js';
import { reasoningParts } from './reasoning.js';

const PLAIN_KEYS = new Set(['role', 'content', 'name']);
const ASSISTANT_KEYS = new Set([
  ...PLAIN_KEYS,
  'refusal',
  'tool_calls',
  'function_call',
  'reasoning_content',
  'reasoning',
  'reasoning_details',
]);
const TOOL_KEYS = new Set([...PLAIN_KEYS, 'tool_call_id']);
const CALL_KEYS = new Set(['id', 'type', 'function', 'index']);
const CUSTOM_KEYS = new Set(['id', 'type', 'custom', 'index']);
const FUNCTION_KEYS = new Set(['name', 'arguments']);

/** Arguments are JSON text; some servers write the object itself. */
export function argumentsText(value: JsonObject[string]): string {
  if (typeof value === 'string') return value;
  return value === undefined || value === null ? '' : JSON.stringify(value);
}

/** A whole tool call, of a request's history or of an answer. A custom tool's free text stands as its arguments. */
export function decodeToolCall(call: JsonObject, path: string): ToolCallPart {
  const id = optString(call, 'id', path) ?? '';
  if (call['type'] === 'custom') {
    const custom = needObject(call, 'custom', path);
    const name = needString(custom, 'name', join(path, 'custom'));
    const input = argumentsText(custom['input']);
    const part: ToolCallPart = { type: 'tool-call', id, name, arguments: input, custom: true };
    const rest = extraOf(call, CUSTOM_KEYS);
    return rest === undefined ? part : { ...part, extra: rest };
  }
  const called = needObject(call, 'function', path);
  const name = needString(called, 'name', join(path, 'function'));
  const part: ToolCallPart = { type: 'tool-call', id, name, arguments: argumentsText(called['arguments']) };
  const extra = extraOf(call, CALL_KEYS) ?? {};
  const inner = extraOf(called, FUNCTION_KEYS);
  if (inner !== undefined) extra['function'] = inner;
  if (Object.keys(extra).length > 0) part.extra = extra;
  return part;
}

/** Legacy calls have no ids; they are numbered so that a call and its result find each other in other formats. */
export function legacyCallId(number: number): string {
  return `call_legacy_${number}`;
}

export function decodeLegacyCall(call: JsonObject, path: string, number: number): ToolCallPart {
  const name = needString(call, 'name', path);
  const text = argumentsText(call['arguments']);
  return { type: 'tool-call', id: legacyCallId(number), name, arguments: text, extra: { legacy: true } };
}

interface Legacy {
  calls: number;
}

function assistantParts(json: JsonObject, path: string, legacy: Legacy): Part[] {
  const parts = reasoningParts(json);
  parts.push(...decodeContent(json['content'], join(path, 'content')));
  const refusal = optString(json, 'refusal', path);
  if (refusal !== undefined) parts.push({ type: 'refusal', text: refusal, extra: { field: true } });
  const calls = optArray(json, 'tool_calls', path);
  const callsPath = join(path, 'tool_calls');
  calls?.forEach((_, i) => {
    parts.push(decodeToolCall(objectAt(calls, i, callsPath), `${callsPath}[${i}]`));
  });
  const call = optObject(json, 'function_call', path);
  if (call !== undefined) parts.push(decodeLegacyCall(call, join(path, 'function_call'), ++legacy.calls));
  return parts;
}

function toolResult(json: JsonObject, path: string, callId: string): Message {
  const part: Part = {
    type: 'tool-result',
    callId,
    content: decodeContent(json['content'], join(path, 'content')),
  };
  const message: Message = { role: 'tool', parts: [part] };
  const extra = extraOf(json, TOOL_KEYS);
  const cache = cacheMarkOf(json);
  if (cache !== undefined && extra !== undefined) {
    part.cache = cache;
    delete extra['cache_control'];
  }
  if (extra !== undefined && Object.keys(extra).length > 0) message.extra = extra;
  return message;
}

function decodeMessage(json: JsonObject, path: string, legacy: Legacy): Message {
  const role = needString(json, 'role', path);
  const name = optString(json, 'name', path);
  let message: Message;
  switch (role) {
    case 'system':
    case 'developer':
    case 'user': {
      const contentPath = join(path, 'content');
      if (json['content'] === undefined || json['content'] === null)
        throw new MalformedBody(`'${contentPath}' must be a string or an array of parts`, contentPath);
      message = { role: role as Role, parts: decodeContent(json['content'], contentPath) };
      const extra = extraOf(json, PLAIN_KEYS);
      if (extra !== undefined) message.extra = extra;
      break;
    }
    case 'assistant': {
      message = { role, parts: assistantParts(json, path, legacy) };
      const extra = extraOf(json, ASSISTANT_KEYS);
      if (extra !== undefined) message.extra = extra;
      break;
    }
    case 'tool':
      message = toolResult(json, path, needString(json, 'tool_call_id', path));
      break;
    case 'function':
      message = toolResult(json, path, legacyCallId(Math.max(1, legacy.calls)));
      message.extra = { ...message.extra, legacy: true };
      break;
    default: {
      const param = join(path, 'role');
      throw new MalformedBody(
        `'${param}' must be system, developer, user, assistant or tool, not '${role}'`,
        param,
      );
    }
  }
  if (name !== undefined) message.name = name;
  moveCacheMark(message, json);
  return message;
}

/** LiteLLM lets a message with string content carry the mark itself; the hub knows it on parts only. */
function moveCacheMark(message: Message, json: JsonObject): void {
  if (typeof json['content'] !== 'string' || !isObject(message.extra?.['cache_control'])) return;
  const cache = cacheMarkOf(json);
  const last = message.parts.findLast((part) => part.type === 'text');
  if (cache === undefined || last === undefined) return;
  last.cache = cache;
  delete message.extra['cache_control'];
  if (Object.keys(message.extra).length === 0) delete message.extra;
}

export function decodeMessages(body: JsonObject): Message[] {
  const array = needArray(body, 'messages', '');
  const legacy: Legacy = { calls: 0 };
  return array.map((_, i) => decodeMessage(objectAt(array, i, 'messages'), `messages[${i}]`, legacy));
}
