import type { JsonObject, Tool } from '@headgate/sdk';
import { extraOf, needObject, needString, optObject, optString } from './read-json.js';

const TOOL_KEYS = new Set(['type', 'function']);
const FUNCTION_KEYS = new Set(['name', 'description', 'parameters']);

/** A tool as Cohere and Ollama write it: `{ type: "function", function: { name, description, parameters } }`. */
export function decodeFunctionTool(json: JsonObject, path: string, format: string): Tool {
  const { type } = json;
  if (type !== undefined && type !== null && type !== 'function')
    return { kind: 'opaque', format, value: json };
  const inner = needObject(json, 'function', path);
  const innerPath = `${path}.function`;
  const tool: Tool = { kind: 'function', name: needString(inner, 'name', innerPath) };
  const description = optString(inner, 'description', innerPath);
  if (description !== undefined) tool.description = description;
  const parameters = optObject(inner, 'parameters', innerPath);
  if (parameters !== undefined) tool.parameters = parameters;
  const extra = extraOf(json, TOOL_KEYS) ?? {};
  const innerExtra = extraOf(inner, FUNCTION_KEYS);
  if (innerExtra !== undefined) extra['function'] = innerExtra;
  if (Object.keys(extra).length > 0) tool.extra = extra;
  return tool;
}
