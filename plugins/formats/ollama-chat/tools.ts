import type { JsonObject, Tool, Warn } from '@headgate/sdk';
import {
  extraOf,
  isObject,
  needObject,
  needString,
  objectAt,
  optArray,
  optObject,
  optString,
} from '../shared/read-json.js';
import { inWords } from '../shared/value-in-words.js';
import { OLLAMA_CHAT } from './types.js';

type FunctionTool = Extract<Tool, { kind: 'function' }>;

const TOOL_KEYS = new Set(['type', 'function']);
const FUNCTION_KEYS = new Set(['name', 'description', 'parameters']);

function decodeTool(json: JsonObject, path: string): Tool {
  const { type } = json;
  if (type !== undefined && type !== null && type !== 'function')
    return { kind: 'opaque', format: OLLAMA_CHAT, value: json };
  const inner = needObject(json, 'function', path);
  const innerPath = `${path}.function`;
  const tool: FunctionTool = { kind: 'function', name: needString(inner, 'name', innerPath) };
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

export function decodeTools(body: JsonObject): Tool[] | undefined {
  const tools = optArray(body, 'tools', '');
  return tools?.map((_, i) => decodeTool(objectAt(tools, i, 'tools'), `tools[${i}]`));
}

function encodeTool(tool: FunctionTool, same: boolean, warn: Warn): JsonObject {
  const { function: innerExtra, ...outer } = (same ? tool.extra : undefined) ?? {};
  const inner: JsonObject = { ...(isObject(innerExtra) ? innerExtra : {}), name: tool.name };
  if (tool.description !== undefined) inner['description'] = tool.description;
  if (tool.parameters !== undefined) inner['parameters'] = tool.parameters;
  else if (!same) inner['parameters'] = { type: 'object', properties: {} };
  if (tool.strict === true) warn('strict', 'arguments cannot be held to their schema in this format');
  if (tool.cache !== undefined)
    warn('cache_control', 'this format has no cache marks; prompts are cached automatically where they are');
  return { ...outer, type: 'function', function: inner };
}

/** Undefined where no tools are sent, or may be: leaving them out is the only way to forbid them. */
export function encodeTools(
  { tools, toolChoice }: { tools?: Tool[]; toolChoice?: { mode: string } },
  same: boolean,
  warn: Warn,
): JsonObject[] | undefined {
  if (tools === undefined || toolChoice?.mode === 'none') return undefined;
  if (toolChoice !== undefined && toolChoice.mode !== 'auto' && tools.length > 0)
    warn('tool_choice', 'the model decides itself whether to call a tool in this format');
  const out: JsonObject[] = [];
  for (const tool of tools) {
    if (tool.kind === 'function') out.push(encodeTool(tool, same, warn));
    else if (tool.format === OLLAMA_CHAT) out.push(tool.value);
    else warn('tools', `a tool of type '${inWords(tool.value['type'])}' is only known to ${tool.format}`);
  }
  return out.length > 0 || same ? out : undefined;
}
