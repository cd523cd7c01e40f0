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
} from '../shared/read-json.js';
import { argumentsJson } from '../shared/tool-arguments.js';

const CALL_KEYS = new Set(['id', 'type', 'function']);
const FUNCTION_KEYS = new Set(['name', 'arguments']);

/** Arguments are JSON text; an object is understood too. */
export function argumentsText(value: JsonObject[string]): string {
  if (typeof value === 'string') return value;
  return value === undefined || value === null ? '' : JSON.stringify(value);
}

export function decodeCalls(message: JsonObject, path: string): ToolCallPart[] {
  const calls = optArray(message, 'tool_calls', path) ?? [];
  const at = join(path, 'tool_calls');
  return calls.map((_, i) => {
    const call = objectAt(calls, i, at);
    const callPath = `${at}[${i}]`;
    const called = needObject(call, 'function', callPath);
    const part: ToolCallPart = {
      type: 'tool-call',
      // A call without an id cannot be answered.
      id: optString(call, 'id', callPath) ?? `call_${i}`,
      name: needString(called, 'name', join(callPath, 'function')),
      arguments: argumentsText(called['arguments']),
    };
    const extra = extraOf(call, CALL_KEYS) ?? {};
    const inner = extraOf(called, FUNCTION_KEYS);
    if (inner !== undefined) extra['function'] = inner;
    if (Object.keys(extra).length > 0) part.extra = extra;
    return part;
  });
}

export function encodeCall(part: ToolCallPart, same: boolean): JsonObject {
  const { function: inner, ...rest } = (same ? part.extra : undefined) ?? {};
  const called: JsonObject = {
    ...(isObject(inner) ? inner : {}),
    name: part.name,
    // Cohere parses them, and its clients do.
    arguments: same ? part.arguments : argumentsJson(part.arguments),
  };
  return { ...rest, id: part.id, type: 'function', function: called };
}
