import type { CanonicalRequest, JsonObject, Tool, ToolChoice, Warn } from '@headgate/sdk';
import { MalformedBody } from '@headgate/sdk';
import { cacheControl, cacheMarkOf } from '../shared/cache-mark.js';
import { closedSchema } from '../shared/closed-schema.js';
import {
  extraOf,
  needString,
  objectAt,
  optArray,
  optBoolean,
  optObject,
  optString,
} from '../shared/read-json.js';
import { kindInWords } from '../shared/value-in-words.js';
import type { ModelTraits } from './model-traits.js';
import { ANTHROPIC_MESSAGES } from './types.js';

const TOOL_KEYS = new Set(['name', 'description', 'input_schema', 'strict']);

function decodeTool(json: JsonObject, path: string): Tool {
  const type = optString(json, 'type', path);
  // A tool with another type is one of Anthropic's own and runs on their side.
  if (type !== undefined && type !== 'custom')
    return { kind: 'opaque', format: ANTHROPIC_MESSAGES, value: json };
  const tool: Extract<Tool, { kind: 'function' }> = {
    kind: 'function',
    name: needString(json, 'name', path),
  };
  const description = optString(json, 'description', path);
  if (description !== undefined) tool.description = description;
  const parameters = optObject(json, 'input_schema', path);
  if (parameters !== undefined) tool.parameters = parameters;
  const strict = optBoolean(json, 'strict', path);
  if (strict !== undefined) tool.strict = strict;
  const extra = extraOf(json, TOOL_KEYS) ?? {};
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

/** `tool_choice` holds two of the hub's members: the choice, and whether several calls are allowed. */
export function decodeToolChoice(body: JsonObject): { choice?: ToolChoice; parallel?: boolean } {
  const json = optObject(body, 'tool_choice', '');
  if (json === undefined) return {};
  const disabled = optBoolean(json, 'disable_parallel_tool_use', 'tool_choice');
  const parallel = disabled === undefined ? {} : { parallel: !disabled };
  switch (json['type']) {
    case 'auto':
      return { choice: { mode: 'auto' }, ...parallel };
    case 'any':
      return { choice: { mode: 'required' }, ...parallel };
    case 'none':
      return { choice: { mode: 'none' }, ...parallel };
    case 'tool':
      return { choice: { mode: 'tool', name: needString(json, 'name', 'tool_choice') }, ...parallel };
  }
  throw new MalformedBody("'tool_choice.type' must be auto, any, tool or none", 'tool_choice.type');
}

/** Anthropic requires a schema, and of an object. */
function inputSchema(parameters: JsonObject | undefined, same: boolean): JsonObject | undefined {
  if (same) return parameters;
  if (parameters === undefined) return { type: 'object', properties: {} };
  return parameters['type'] === undefined ? { type: 'object', ...parameters } : parameters;
}

function encodeTool(
  tool: Extract<Tool, { kind: 'function' }>,
  same: boolean,
  traits: ModelTraits,
  warn: Warn,
): JsonObject {
  const json: JsonObject = { ...(same ? tool.extra : {}), name: tool.name };
  if (tool.description !== undefined) json['description'] = tool.description;
  const schema = inputSchema(tool.parameters, same);
  // A call can be held to a closed schema only, so another one is not enforced.
  const closed =
    !same && tool.strict === true && traits.structured && schema !== undefined
      ? closedSchema(schema)
      : undefined;
  if (schema !== undefined) json['input_schema'] = closed?.schema ?? schema;
  if (same ? tool.strict !== undefined : closed !== undefined) json['strict'] = tool.strict;
  else if (!same && tool.strict === true) warn('tools', 'calls cannot be held to the schema of a tool');
  if (tool.cache !== undefined) json['cache_control'] = cacheControl(tool.cache);
  return json;
}

function encodeChoice(
  request: CanonicalRequest,
  traits: ModelTraits,
  same: boolean,
  warn: Warn,
): JsonObject | undefined {
  const choice = request.toolChoice;
  const parallel = request.parallelToolCalls;
  const limit: JsonObject =
    parallel === undefined || (parallel && !same) ? {} : { disable_parallel_tool_use: !parallel };
  if (choice === undefined) return parallel === false ? { type: 'auto', ...limit } : undefined;
  switch (choice.mode) {
    case 'auto':
      return { type: 'auto', ...limit };
    case 'none':
      return same ? { type: 'none', ...limit } : { type: 'none' };
    case 'opaque':
      warn('tool_choice', `this choice is only known to ${choice.format}`);
      return undefined;
  }
  if (traits.noForcedTools && !same) {
    warn('tool_choice', 'this model decides itself whether to call a tool');
    return { type: 'auto', ...limit };
  }
  return choice.mode === 'tool' ? { type: 'tool', name: choice.name, ...limit } : { type: 'any', ...limit };
}

/** Writes `tools` and `tool_choice` into the body. */
export function encodeTools(
  body: JsonObject,
  request: CanonicalRequest,
  traits: ModelTraits,
  same: boolean,
  warn: Warn,
): void {
  const tools: JsonObject[] = [];
  for (const tool of request.tools ?? []) {
    if (tool.kind === 'function') tools.push(encodeTool(tool, same, traits, warn));
    else if (tool.format === ANTHROPIC_MESSAGES) tools.push(tool.value);
    else warn('tools', `a tool of type '${kindInWords(tool.value)}' is only known to ${tool.format}`);
  }
  if (tools.length > 0 || (same && request.tools !== undefined)) body['tools'] = tools;
  // A choice without tools is refused; they may all have been dropped above.
  if (tools.length === 0 && !same) return;
  const choice = encodeChoice(request, traits, same, warn);
  if (choice !== undefined) body['tool_choice'] = choice;
}
