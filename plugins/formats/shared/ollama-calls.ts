import type { JsonObject, ToolCallPart } from '@headgate/sdk';
import {
  extraOf,
  isObject,
  join,
  needObject,
  needString,
  objectAt,
  optArray,
  optString,
  type Path,
} from './read-json.js';
import { argumentsObject } from './tool-arguments.js';

const CALL_KEYS = new Set(['id', 'function']);
const FUNCTION_KEYS = new Set(['name', 'arguments']);

/** Arguments are an object; clients that also speak to OpenAI write its text. */
function argumentsText(value: JsonObject[string]): string {
  if (typeof value === 'string') return value;
  return JSON.stringify(value ?? {});
}

/**
 * `tool_calls` of a message. Servers and clients before 0.12 have no ids: `makeId` gives one to the call of that number,
 * and `unnamed` in the `extra` bag remembers it.
 */
export function decodeCalls(
  said: JsonObject,
  path: Path,
  makeId: (number: number, name: string) => string,
): ToolCallPart[] {
  const calls = optArray(said, 'tool_calls', path) ?? [];
  const at = join(path, 'tool_calls');
  return calls.map((_, i) => {
    const call = objectAt(calls, i, at);
    const callPath = `${at}[${i}]`;
    const called = needObject(call, 'function', callPath);
    const name = needString(called, 'name', join(callPath, 'function'));
    const id = optString(call, 'id', callPath) ?? '';
    const part: ToolCallPart = {
      type: 'tool-call',
      id: id === '' ? makeId(i, name) : id,
      name,
      arguments: argumentsText(called['arguments']),
    };
    const extra = extraOf(call, CALL_KEYS) ?? {};
    const inner = extraOf(called, FUNCTION_KEYS);
    if (inner !== undefined) extra['function'] = inner;
    if (id === '') extra['unnamed'] = true;
    if (Object.keys(extra).length > 0) part.extra = extra;
    return part;
  });
}

export function encodeCall(part: ToolCallPart, same: boolean, index: number): JsonObject {
  const { unnamed, function: inner, ...rest } = (same ? part.extra : undefined) ?? {};
  const json: JsonObject = { ...rest };
  if (unnamed !== true) json['id'] = part.id;
  const own: JsonObject = same ? {} : { index };
  json['function'] = {
    ...(isObject(inner) ? inner : own),
    name: part.name,
    arguments: argumentsObject(part.arguments),
  };
  return json;
}
