import type { CanonicalRequest, JsonObject, JsonValue, Tool, ToolChoice, Warn } from '@headgate/sdk';
import { MalformedBody } from '@headgate/sdk';
import { cacheControl, cacheMarkOf } from '../shared/cache-mark.js';
import { NOT_STRICT, openaiStrictSchema } from '../shared/openai-strict.js';
import { choiceFor, customToolFor } from '../shared/openai-tools.js';
import {
  extraOf,
  isObject,
  needString,
  objectAt,
  optArray,
  optBoolean,
  optObject,
  optString,
} from '../shared/read-json.js';
import { inWords, kindInWords } from '../shared/value-in-words.js';
import type { ItemContext } from './content-encode.js';
import { OPENAI_RESPONSES } from './types.js';

type FunctionTool = Extract<Tool, { kind: 'function' }>;

const FUNCTION_KEYS = new Set(['type', 'name', 'description', 'parameters', 'strict']);

/** A tool of another type runs on the provider's side, or is one that only this format knows (`custom`). */
function decodeTool(json: JsonObject, path: string): Tool {
  if (needString(json, 'type', path) !== 'function')
    return { kind: 'opaque', format: OPENAI_RESPONSES, value: json };
  const tool: FunctionTool = { kind: 'function', name: needString(json, 'name', path) };
  const description = optString(json, 'description', path);
  if (description !== undefined) tool.description = description;
  const parameters = optObject(json, 'parameters', path);
  if (parameters !== undefined) tool.parameters = parameters;
  const strict = optBoolean(json, 'strict', path);
  if (strict !== undefined) tool.strict = strict;
  const extra = extraOf(json, FUNCTION_KEYS) ?? {};
  const cache = cacheMarkOf(json);
  if (cache !== undefined) {
    tool.cache = cache;
    delete extra['cache_control'];
  }
  if (Object.keys(extra).length > 0) tool.extra = extra;
  return tool;
}

export function decodeTools(body: JsonObject): Tool[] | undefined {
  const tools = optArray(body, 'tools', '');
  return tools?.map((_, i) => decodeTool(objectAt(tools, i, 'tools'), `tools[${i}]`));
}

export function decodeToolChoice(body: JsonObject): ToolChoice | undefined {
  const choice = body['tool_choice'];
  if (choice === undefined || choice === null) return undefined;
  if (choice === 'auto' || choice === 'none' || choice === 'required') return { mode: choice };
  if (!isObject(choice))
    throw new MalformedBody("'tool_choice' must be auto, none, required or an object", 'tool_choice');
  if (choice['type'] === 'function' && Object.keys(choice).length === 2)
    return { mode: 'tool', name: needString(choice, 'name', 'tool_choice') };
  needString(choice, 'type', 'tool_choice');
  return { mode: 'opaque', format: OPENAI_RESPONSES, value: choice };
}

/**
 * A function of another format. Here a schema is required, and `strict` is true where it is not said: a schema that
 * was not written for it would be refused or changed.
 */
function foreignTool(tool: FunctionTool, warn: Warn): JsonObject {
  if (tool.cache !== undefined) warn('cache_control', 'tools have no cache mark in this format');
  const json: JsonObject = { type: 'function', name: tool.name };
  if (tool.description !== undefined) json['description'] = tool.description;
  // A call can be held to a strict schema only, so another one is not enforced.
  const strict = tool.strict === true ? openaiStrictSchema(tool.parameters ?? {}) : undefined;
  if (tool.strict === true && strict === undefined) warn('tools', NOT_STRICT);
  json['parameters'] = strict ?? tool.parameters ?? { type: 'object', properties: {} };
  json['strict'] = strict !== undefined;
  return json;
}

function sameTool(tool: FunctionTool): JsonObject {
  const json: JsonObject = { ...tool.extra, type: 'function', name: tool.name };
  if (tool.description !== undefined) json['description'] = tool.description;
  if (tool.parameters !== undefined) json['parameters'] = tool.parameters;
  if (tool.strict !== undefined) json['strict'] = tool.strict;
  if (tool.cache !== undefined) json['cache_control'] = cacheControl(tool.cache);
  return json;
}

function encodeChoice(choice: ToolChoice, { custom, warn }: ItemContext): JsonValue | undefined {
  switch (choice.mode) {
    case 'tool':
      return { type: 'function', name: choice.name };
    case 'opaque': {
      const value =
        choice.format === OPENAI_RESPONSES
          ? choice.value
          : custom
            ? choiceFor(OPENAI_RESPONSES, choice)
            : undefined;
      if (value === undefined) warn('tool_choice', `this choice is only known to ${choice.format}`);
      return value;
    }
    default:
      return choice.mode;
  }
}

/** Writes `tools`, the choice among them and whether several may be called into the body. */
export function encodeTools(body: JsonObject, request: CanonicalRequest, context: ItemContext): void {
  const { same, custom, warn } = context;
  const tools: JsonObject[] = [];
  for (const tool of request.tools ?? []) {
    if (tool.kind === 'function') tools.push(same ? sameTool(tool) : foreignTool(tool, warn));
    else {
      const value =
        tool.format === OPENAI_RESPONSES
          ? tool.value
          : custom
            ? customToolFor(OPENAI_RESPONSES, tool)
            : undefined;
      if (value !== undefined) tools.push(value);
      else
        warn(
          'tools',
          `the tool '${inWords(tool.value['name'] ?? kindInWords(tool.value))}' is only known to ${tool.format}`,
        );
    }
  }
  if (tools.length > 0 || (same && request.tools !== undefined)) body['tools'] = tools;
  // A choice without tools is refused; they may all have been dropped above.
  if (tools.length === 0 && !same) return;
  if (request.parallelToolCalls !== undefined) body['parallel_tool_calls'] = request.parallelToolCalls;
  if (request.toolChoice === undefined) return;
  const choice = encodeChoice(request.toolChoice, context);
  if (choice !== undefined) body['tool_choice'] = choice;
}
