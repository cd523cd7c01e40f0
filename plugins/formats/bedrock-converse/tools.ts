import type { CacheMark, CanonicalRequest, JsonObject, Tool, ToolChoice, Warn } from '@headgate/sdk';
import { MalformedBody } from '@headgate/sdk';
import { cacheMarkOf } from '../shared/cache-mark.js';
import { closedSchema } from '../shared/closed-schema.js';
import {
  extraOf,
  isObject,
  join,
  needObject,
  needString,
  objectAt,
  optArray,
  optBoolean,
  optObject,
  optString,
} from '../shared/read-json.js';
import { kindInWords } from '../shared/value-in-words.js';
import { cachePoint, cachePointOf } from './cache-point.js';
import type { ModelTraits } from './model-traits.js';
import { BEDROCK_CONVERSE } from './types.js';

const CONFIG_KEYS = new Set(['tools', 'toolChoice']);
const SPEC_KEYS = new Set(['name', 'description', 'inputSchema', 'strict']);

type FunctionTool = Extract<Tool, { kind: 'function' }>;

export interface DecodedTools {
  tools?: Tool[];
  choice?: ToolChoice;
  /** Members of `toolConfig` that the hub has no name for. */
  extra?: JsonObject;
}

function decodeTool(json: JsonObject, path: string): Tool {
  // Tools of AWS's own run on their side.
  if (!isObject(json['toolSpec'])) return { kind: 'opaque', format: BEDROCK_CONVERSE, value: json };
  const at = join(path, 'toolSpec');
  const spec = json['toolSpec'];
  const tool: FunctionTool = { kind: 'function', name: needString(spec, 'name', at) };
  const description = optString(spec, 'description', at);
  if (description !== undefined) tool.description = description;
  const schema = optObject(spec, 'inputSchema', at);
  const parameters = schema === undefined ? undefined : needObject(schema, 'json', join(at, 'inputSchema'));
  if (parameters !== undefined) tool.parameters = parameters;
  const strict = optBoolean(spec, 'strict', at);
  if (strict !== undefined) tool.strict = strict;
  const extra = extraOf(spec, SPEC_KEYS);
  if (extra !== undefined) tool.extra = extra;
  return tool;
}

function decodeChoice(json: JsonObject, path: string): ToolChoice {
  if (isObject(json['auto'])) return { mode: 'auto' };
  if (isObject(json['any'])) return { mode: 'required' };
  if (isObject(json['tool']))
    return { mode: 'tool', name: needString(json['tool'], 'name', join(path, 'tool')) };
  throw new MalformedBody(`'${path}' must be { auto: {} }, { any: {} } or { tool: { name } }`, path);
}

/** `toolConfig`. A cache point after a tool is a mark of it. */
export function decodeTools(body: JsonObject): DecodedTools {
  const config = optObject(body, 'toolConfig', '');
  if (config === undefined) return {};
  const decoded: DecodedTools = {};
  const array = optArray(config, 'tools', 'toolConfig');
  if (array !== undefined) {
    const tools: Tool[] = [];
    array.forEach((value, i) => {
      const mark = cachePointOf(value);
      const before = tools.at(-1);
      if (mark !== undefined && before?.kind === 'function' && before.cache === undefined)
        before.cache = mark;
      else tools.push(decodeTool(objectAt(array, i, 'toolConfig.tools'), `toolConfig.tools[${i}]`));
    });
    decoded.tools = tools;
  }
  const choice = optObject(config, 'toolChoice', 'toolConfig');
  if (choice !== undefined) decoded.choice = decodeChoice(choice, 'toolConfig.toolChoice');
  const extra = extraOf(config, CONFIG_KEYS);
  if (extra !== undefined) decoded.extra = extra;
  return decoded;
}

/** Converse requires a schema, and of an object. */
function inputSchema(parameters: JsonObject | undefined, same: boolean): JsonObject | undefined {
  if (same) return parameters;
  if (parameters === undefined) return { type: 'object', properties: {} };
  return parameters['type'] === undefined ? { type: 'object', ...parameters } : parameters;
}

function encodeTool(tool: FunctionTool, same: boolean, traits: ModelTraits, warn: Warn): JsonObject {
  const spec: JsonObject = { ...(same ? tool.extra : {}), name: tool.name };
  if (tool.description !== undefined && (same || tool.description !== ''))
    spec['description'] = tool.description;
  const schema = inputSchema(tool.parameters, same);
  // A call can be held to a closed schema only, so another one is not enforced.
  const closed =
    !same && tool.strict === true && traits.structured && schema !== undefined
      ? closedSchema(schema)
      : undefined;
  if (schema !== undefined) spec['inputSchema'] = { json: closed?.schema ?? schema };
  if (same ? tool.strict !== undefined : closed !== undefined) spec['strict'] = tool.strict as boolean;
  else if (tool.strict === true) warn('tools', 'calls cannot be held to the schema of a tool');
  return { toolSpec: spec };
}

function encodeList(request: CanonicalRequest, traits: ModelTraits, same: boolean, warn: Warn): JsonObject[] {
  const tools: JsonObject[] = [];
  for (const tool of request.tools ?? []) {
    let mark: CacheMark | undefined;
    if (tool.kind === 'function') {
      tools.push(encodeTool(tool, same, traits, warn));
      mark = tool.cache;
    } else if (tool.format === BEDROCK_CONVERSE) tools.push(tool.value);
    else {
      warn('tools', `a tool of type '${kindInWords(tool.value)}' is only known to ${tool.format}`);
      // Its mark was about all tools up to it.
      const last = tools.at(-1);
      if (last !== undefined && last['cachePoint'] === undefined) mark = cacheMarkOf(tool.value);
    }
    if (mark === undefined) continue;
    if (same || traits.cacheTools) tools.push(cachePoint(mark));
    else warn('cache_control', 'this model caches no tools at given points');
  }
  return tools;
}

/** The names of tools that the history calls, in order. */
function calledTools(request: CanonicalRequest): Set<string> {
  const names = new Set<string>();
  for (const message of request.messages)
    for (const part of message.parts) if (part.type === 'tool-call') names.add(part.name);
  return names;
}

function hasToolParts(request: CanonicalRequest): boolean {
  return request.messages.some((message) =>
    message.parts.some((part) => part.type === 'tool-call' || part.type === 'tool-result'),
  );
}

/** Converse refuses a history with calls and no tools: those that were called are named again. */
function remembered(request: CanonicalRequest): JsonObject[] {
  const names = [...calledTools(request)];
  return (names.length === 0 ? ['tool'] : names).map((name) => ({
    toolSpec: { name, inputSchema: { json: { type: 'object', properties: {} } } },
  }));
}

function encodeChoice(
  choice: ToolChoice,
  traits: ModelTraits,
  same: boolean,
  warn: Warn,
): JsonObject | undefined {
  switch (choice.mode) {
    case 'auto':
      return { auto: {} };
    case 'none':
      warn('tool_choice', 'this format cannot forbid the tools that the history calls');
      return undefined;
    case 'opaque':
      warn('tool_choice', `this choice is only known to ${choice.format}`);
      return undefined;
  }
  if (traits.noForcedTools && !same) {
    warn('tool_choice', 'this model decides itself whether to call a tool');
    return { auto: {} };
  }
  return choice.mode === 'tool' ? { tool: { name: choice.name } } : { any: {} };
}

/** Anthropic's own words for a choice, the only ones that can forbid parallel calls. */
function anthropicChoice(choice: JsonObject | undefined): JsonObject {
  const limit = { disable_parallel_tool_use: true };
  if (choice !== undefined && isObject(choice['tool']))
    return { type: 'tool', name: choice['tool']['name'], ...limit };
  return { type: choice?.['any'] === undefined ? 'auto' : 'any', ...limit };
}

/** Writes `toolConfig`, and what only a model's own fields can say about tools into `fields`. */
export function encodeTools(
  body: JsonObject,
  fields: JsonObject,
  request: CanonicalRequest,
  traits: ModelTraits,
  same: boolean,
  warn: Warn,
): void {
  const kept = same ? request.extra?.['toolConfig'] : undefined;
  let tools = encodeList(request, traits, same, warn);
  const none = request.toolChoice?.mode === 'none';
  if (!same && hasToolParts(request)) {
    if (tools.length === 0) tools = remembered(request);
  } else if (none) tools = [];
  const config: JsonObject = isObject(kept) ? { ...kept } : {};
  if (tools.length > 0 || (same && request.tools !== undefined)) config['tools'] = tools;
  // A choice without tools is refused; they may all have been dropped above.
  const choice =
    request.toolChoice === undefined || (!same && tools.length === 0)
      ? undefined
      : encodeChoice(request.toolChoice, traits, same, warn);
  if (request.parallelToolCalls === false && tools.length > 0 && !none) {
    if (traits.family === 'anthropic') fields['tool_choice'] = anthropicChoice(choice);
    else warn('parallel_tool_calls', 'parallel calls of tools cannot be forbidden for this model');
  }
  // Both said at once is refused.
  if (choice !== undefined && fields['tool_choice'] === undefined) config['toolChoice'] = choice;
  if (Object.keys(config).length > 0) body['toolConfig'] = config;
}
