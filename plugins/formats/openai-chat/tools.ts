import type { CanonicalRequest, JsonObject, JsonValue, Tool, ToolChoice } from '@headgate/sdk';
import { MalformedBody } from '@headgate/sdk';
import { cacheControl, cacheMarkOf } from '../shared/cache-mark.js';
import { NOT_STRICT, openaiStrictSchema } from '../shared/openai-strict.js';
import { choiceFor, customToolFor } from '../shared/openai-tools.js';
import {
  extraOf,
  isObject,
  needObject,
  needString,
  objectAt,
  optArray,
  optBoolean,
  optObject,
  optString,
} from '../shared/read-json.js';
import { inWords, kindInWords } from '../shared/value-in-words.js';
import type { MessageContext } from './content-encode.js';
import { OPENAI_CHAT } from './types.js';

const TOOL_KEYS = new Set(['type', 'function']);
const FUNCTION_KEYS = new Set(['name', 'description', 'parameters', 'strict']);

function functionTool(json: JsonObject, path: string): Extract<Tool, { kind: 'function' }> {
  const tool: Extract<Tool, { kind: 'function' }> = {
    kind: 'function',
    name: needString(json, 'name', path),
  };
  const description = optString(json, 'description', path);
  if (description !== undefined) tool.description = description;
  const parameters = optObject(json, 'parameters', path);
  if (parameters !== undefined) tool.parameters = parameters;
  const strict = optBoolean(json, 'strict', path);
  if (strict !== undefined) tool.strict = strict;
  return tool;
}

function decodeTool(json: JsonObject, path: string): Tool {
  const { type } = json;
  if (type !== undefined && type !== null && type !== 'function')
    return { kind: 'opaque', format: OPENAI_CHAT, value: json };
  const inner = needObject(json, 'function', path);
  const tool = functionTool(inner, `${path}.function`);
  const extra = extraOf(json, TOOL_KEYS) ?? {};
  const cache = cacheMarkOf(json);
  if (cache !== undefined) {
    tool.cache = cache;
    delete extra['cache_control'];
  }
  const innerExtra = extraOf(inner, FUNCTION_KEYS);
  if (innerExtra !== undefined) extra['function'] = innerExtra;
  if (Object.keys(extra).length > 0) tool.extra = extra;
  return tool;
}

/** `tools`, and the legacy `functions` marked as such so that a target of this format gets them back unchanged. */
export function decodeTools(body: JsonObject): Tool[] | undefined {
  const tools = optArray(body, 'tools', '');
  const functions = optArray(body, 'functions', '');
  if (tools === undefined && functions === undefined) return undefined;
  const decoded = (tools ?? []).map((_, i) => decodeTool(objectAt(tools ?? [], i, 'tools'), `tools[${i}]`));
  functions?.forEach((_, i) => {
    const json = objectAt(functions, i, 'functions');
    const tool = functionTool(json, `functions[${i}]`);
    tool.extra = { legacy: true };
    const inner = extraOf(json, FUNCTION_KEYS);
    if (inner !== undefined) tool.extra['function'] = inner;
    decoded.push(tool);
  });
  return decoded;
}

function namedChoice(choice: JsonObject): ToolChoice | undefined {
  const inner = choice['function'];
  if (choice['type'] === 'function' && isObject(inner) && typeof inner['name'] === 'string')
    return { mode: 'tool', name: inner['name'] };
  return undefined;
}

export function decodeToolChoice(body: JsonObject): ToolChoice | undefined {
  const choice = body['tool_choice'] ?? body['function_call'];
  if (choice === undefined || choice === null) return undefined;
  switch (choice) {
    case 'auto':
      return { mode: 'auto' };
    case 'none':
      return { mode: 'none' };
    case 'required':
    // Mistral's word for the same.
    case 'any':
      return { mode: 'required' };
  }
  if (isObject(choice)) {
    if (typeof choice['name'] === 'string' && body['tool_choice'] == null)
      return { mode: 'tool', name: choice['name'] };
    return namedChoice(choice) ?? { mode: 'opaque', format: OPENAI_CHAT, value: choice };
  }
  throw new MalformedBody("'tool_choice' must be auto, none, required or an object", 'tool_choice');
}

function encodeTool(
  tool: Extract<Tool, { kind: 'function' }>,
  { same, warn }: MessageContext,
): { json: JsonObject; legacy: boolean } {
  const { function: innerExtra, legacy, ...outer } = (same ? tool.extra : undefined) ?? {};
  const inner: JsonObject = { ...(isObject(innerExtra) ? innerExtra : {}), name: tool.name };
  if (tool.description !== undefined) inner['description'] = tool.description;
  // A call can be held to a strict schema only, so another one is not enforced.
  const strict = !same && tool.strict === true ? openaiStrictSchema(tool.parameters ?? {}) : undefined;
  const parameters = strict ?? tool.parameters;
  if (parameters !== undefined) inner['parameters'] = parameters;
  if (!same && tool.strict === true && strict === undefined) warn('tools', NOT_STRICT);
  else if (tool.strict !== undefined) inner['strict'] = tool.strict;
  if (legacy === true) return { json: inner, legacy: true };
  const json: JsonObject = { ...outer, type: 'function', function: inner };
  if (same && tool.cache !== undefined) json['cache_control'] = cacheControl(tool.cache);
  return { json, legacy: false };
}

/** Writes `tools` (or the legacy `functions`) and the choice among them into the body. */
export function encodeTools(
  body: JsonObject,
  { tools, toolChoice: choice }: CanonicalRequest,
  context: MessageContext,
): void {
  const { same, custom, warn } = context;
  const modern: JsonObject[] = [];
  const functions: JsonObject[] = [];
  for (const tool of tools ?? []) {
    if (tool.kind === 'opaque') {
      const value =
        tool.format === OPENAI_CHAT ? tool.value : custom ? customToolFor(OPENAI_CHAT, tool) : undefined;
      if (value !== undefined) modern.push(value);
      else
        warn(
          'tools',
          `the tool '${inWords(tool.value['name'] ?? kindInWords(tool.value))}' is only known to ${tool.format}`,
        );
      continue;
    }
    const { json, legacy } = encodeTool(tool, context);
    (legacy ? functions : modern).push(json);
    if (!same && tool.cache !== undefined)
      warn(
        'cache_control',
        'this format has no cache marks; prompts are cached automatically where they are',
      );
  }
  if (functions.length > 0) body['functions'] = functions;
  if (modern.length > 0 || (tools !== undefined && same && functions.length === 0)) body['tools'] = modern;
  if (choice === undefined) return;
  // A choice without tools is refused; they may all have been dropped above.
  if (!same && modern.length === 0) return;
  const legacy = functions.length > 0 && modern.length === 0;
  const value = encodeToolChoice(choice, legacy, context);
  if (value !== undefined) body[legacy ? 'function_call' : 'tool_choice'] = value;
}

function encodeToolChoice(
  choice: ToolChoice,
  legacy: boolean,
  { custom, warn }: MessageContext,
): JsonValue | undefined {
  switch (choice.mode) {
    case 'tool':
      return legacy ? { name: choice.name } : { type: 'function', function: { name: choice.name } };
    case 'opaque': {
      const value =
        choice.format === OPENAI_CHAT ? choice.value : custom ? choiceFor(OPENAI_CHAT, choice) : undefined;
      if (value === undefined) warn('tool_choice', `this choice is only known to ${choice.format}`);
      return value;
    }
    default:
      return choice.mode;
  }
}
