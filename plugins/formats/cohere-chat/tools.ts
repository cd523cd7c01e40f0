import type { CanonicalRequest, JsonObject, Tool, ToolChoice, Warn } from '@headgate/sdk';
import { MalformedBody } from '@headgate/sdk';
import { decodeFunctionTool } from '../shared/function-tool.js';
import { isObject, objectAt, optArray, optBoolean, optString } from '../shared/read-json.js';
import { kindInWords } from '../shared/value-in-words.js';
import { COHERE_CHAT } from './types.js';

type FunctionTool = Extract<Tool, { kind: 'function' }>;

/** `strict_tools` is said once for all tools; the hub says it of each. */
export function decodeTools(body: JsonObject): Tool[] | undefined {
  const strict = optBoolean(body, 'strict_tools', '');
  const tools = optArray(body, 'tools', '');
  return tools?.map((_, i) => {
    const tool = decodeFunctionTool(objectAt(tools, i, 'tools'), `tools[${i}]`, COHERE_CHAT);
    if (strict !== undefined && tool.kind === 'function') tool.strict = strict;
    return tool;
  });
}

export function decodeToolChoice(body: JsonObject): ToolChoice | undefined {
  const choice = optString(body, 'tool_choice', '');
  if (choice === undefined) return undefined;
  if (choice === 'REQUIRED') return { mode: 'required' };
  if (choice === 'NONE') return { mode: 'none' };
  throw new MalformedBody("'tool_choice' must be REQUIRED or NONE", 'tool_choice');
}

function encodeTool(tool: FunctionTool, same: boolean, warn: Warn): JsonObject {
  const { function: innerExtra, ...outer } = (same ? tool.extra : undefined) ?? {};
  const inner: JsonObject = { ...(isObject(innerExtra) ? innerExtra : {}), name: tool.name };
  if (tool.description !== undefined) inner['description'] = tool.description;
  if (tool.parameters !== undefined) inner['parameters'] = tool.parameters;
  else if (!same) inner['parameters'] = { type: 'object', properties: {} };
  if (tool.cache !== undefined)
    warn('cache_control', 'this format has no cache marks; prompts are cached automatically where they are');
  return { ...outer, type: 'function', function: inner };
}

/** Cohere cannot name the tool to be called, so the others are not offered: then the one that must be is the one. */
function offered(request: CanonicalRequest): Tool[] {
  const tools = request.tools ?? [];
  const { toolChoice: choice } = request;
  if (choice?.mode !== 'tool') return tools;
  const named = tools.filter((tool) => tool.kind === 'function' && tool.name === choice.name);
  return named.length === 0 ? tools : named;
}

function encodeStrict(body: JsonObject, tools: FunctionTool[], same: boolean, warn: Warn): void {
  const first = tools[0]?.strict;
  if (first === undefined && !tools.some((tool) => tool.strict === true)) return;
  if (tools.every((tool) => tool.strict === first)) {
    if (same || first === true) body['strict_tools'] = first;
  } else warn('strict', 'all tools or none can be strict in this format; none is');
}

function encodeChoice(choice: ToolChoice, warn: Warn): string | undefined {
  switch (choice.mode) {
    case 'none':
      return 'NONE';
    case 'required':
    case 'tool':
      return 'REQUIRED';
    case 'opaque':
      warn('tool_choice', `this choice is only known to ${choice.format}`);
      return undefined;
    case 'auto':
      return undefined;
  }
}

/** Writes `tools`, `strict_tools` and `tool_choice` into the body. */
export function encodeTools(body: JsonObject, request: CanonicalRequest, same: boolean, warn: Warn): void {
  const out: JsonObject[] = [];
  const functions: FunctionTool[] = [];
  for (const tool of offered(request)) {
    if (tool.kind === 'function') {
      functions.push(tool);
      out.push(encodeTool(tool, same, warn));
    } else if (tool.format === COHERE_CHAT) out.push(tool.value);
    else warn('tools', `a tool of type '${kindInWords(tool.value)}' is only known to ${tool.format}`);
  }
  if (out.length > 0 || (same && request.tools !== undefined)) body['tools'] = out;
  encodeStrict(body, functions, same, warn);
  // A choice without tools is refused; they may all have been dropped above.
  if (request.toolChoice === undefined || (out.length === 0 && !same)) return;
  const choice = encodeChoice(request.toolChoice, warn);
  if (choice !== undefined) body['tool_choice'] = choice;
}
