import type { JsonObject, Tool, Warn } from '@headgate/sdk';
import { decodeFunctionTool } from '../shared/function-tool.js';
import { isObject, objectAt, optArray } from '../shared/read-json.js';
import { kindInWords } from '../shared/value-in-words.js';
import { OLLAMA_CHAT } from './types.js';

type FunctionTool = Extract<Tool, { kind: 'function' }>;

export function decodeTools(body: JsonObject): Tool[] | undefined {
  const tools = optArray(body, 'tools', '');
  return tools?.map((_, i) => decodeFunctionTool(objectAt(tools, i, 'tools'), `tools[${i}]`, OLLAMA_CHAT));
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
    else warn('tools', `a tool of type '${kindInWords(tool.value)}' is only known to ${tool.format}`);
  }
  return out.length > 0 || same ? out : undefined;
}
