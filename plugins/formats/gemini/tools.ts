import type { CanonicalRequest, JsonObject, JsonValue, Tool, ToolChoice, Warn } from '@headgate/sdk';
import { optList, spelled } from '../shared/google-spelling.js';
import {
  extraOf,
  isObject,
  needString,
  objectAt,
  optObject,
  optString,
  optStrings,
} from '../shared/read-json.js';
import { inWords, kindInWords } from '../shared/value-in-words.js';
import { jsonSchemaOf } from './schema-decode.js';
import { geminiSchema, takesNothing } from './schema-encode.js';
import { GEMINI } from './types.js';

const TOOL_KEYS = new Set([
  'functionDeclarations',
  'googleSearch',
  'googleSearchRetrieval',
  'codeExecution',
  'urlContext',
  'computerUse',
  'fileSearch',
  'googleMaps',
  'enterpriseWebSearch',
  'mcpServers',
]);
const FUNCTIONS = new Set(['functionDeclarations']);
const DECLARATION_KEYS = new Set([
  'name',
  'description',
  'parameters',
  'parametersJsonSchema',
  'responseJsonSchema',
]);
const DECLARATION_SAID = new Set(['name', 'description', 'parameters', 'parametersJsonSchema']);
const CONFIG_KEYS = new Set(['functionCallingConfig', 'retrievalConfig', 'includeServerSideToolInvocations']);
const CALLING = new Set(['functionCallingConfig']);
const CALLING_KEYS = new Set(['mode', 'allowedFunctionNames', 'streamFunctionCallArguments']);

type FunctionTool = Extract<Tool, { kind: 'function' }>;

/** `parameters`: the schema as it came in Google's own words, for a target of this format. */
function decodeDeclaration(json: JsonObject, path: string): FunctionTool {
  const declared = spelled(json, DECLARATION_KEYS);
  const tool: FunctionTool = { kind: 'function', name: needString(declared, 'name', path) };
  const description = optString(declared, 'description', path);
  if (description !== undefined) tool.description = description;
  const extra: JsonObject = extraOf(declared, DECLARATION_SAID) ?? {};
  const schema = optObject(declared, 'parametersJsonSchema', path);
  const own = optObject(declared, 'parameters', path);
  if (schema !== undefined) tool.parameters = schema;
  else if (own !== undefined) {
    tool.parameters = jsonSchemaOf(own);
    extra['parameters'] = own;
  }
  if (Object.keys(extra).length > 0) tool.extra = extra;
  return tool;
}

/** Every function is a tool of its own in the hub; what else a `Tool` holds runs at Google and stays opaque. */
export function decodeTools(body: JsonObject): Tool[] | undefined {
  const list = optList(body, 'tools', '');
  if (list === undefined) return undefined;
  const tools: Tool[] = [];
  list.forEach((_, i) => {
    const path = `tools[${i}]`;
    const json = spelled(objectAt(list, i, 'tools'), TOOL_KEYS);
    const declarations = optList(json, 'functionDeclarations', path) ?? [];
    declarations.forEach((__, n) => {
      const at = `${path}.functionDeclarations`;
      tools.push(decodeDeclaration(objectAt(declarations, n, at), `${at}[${n}]`));
    });
    const rest = extraOf(json, FUNCTIONS);
    if (rest !== undefined) tools.push({ kind: 'opaque', format: GEMINI, value: rest });
  });
  return tools;
}

function choiceOf(mode: string | undefined, names: string[] | undefined): ToolChoice | undefined {
  switch (mode) {
    case 'AUTO':
    case 'VALIDATED':
      return { mode: 'auto' };
    case 'NONE':
      return { mode: 'none' };
    case 'ANY':
      return names?.length === 1 ? { mode: 'tool', name: names[0] as string } : { mode: 'required' };
  }
  return undefined;
}

/** The choice, and what of `toolConfig` it does not say. */
export function decodeToolConfig(body: JsonObject): { choice?: ToolChoice; rest?: JsonObject } {
  const raw = optObject(body, 'toolConfig', '');
  if (raw === undefined) return {};
  const config = spelled(raw, CONFIG_KEYS);
  const inner = optObject(config, 'functionCallingConfig', 'toolConfig');
  const rest: JsonObject = extraOf(config, CALLING) ?? {};
  if (inner === undefined) return Object.keys(rest).length === 0 ? {} : { rest };
  const calling = { ...spelled(inner, CALLING_KEYS) };
  const path = 'toolConfig.functionCallingConfig';
  const mode = optString(calling, 'mode', path)?.toUpperCase();
  const names = optStrings(calling, 'allowedFunctionNames', path);
  const choice = choiceOf(mode, names);
  if (choice !== undefined && mode !== 'VALIDATED') delete calling['mode'];
  if (choice?.mode === 'tool') delete calling['allowedFunctionNames'];
  if (Object.keys(calling).length > 0) rest['functionCallingConfig'] = calling;
  return {
    ...(choice === undefined ? {} : { choice }),
    ...(Object.keys(rest).length > 0 ? { rest } : {}),
  };
}

function encodeDeclaration(tool: FunctionTool, same: boolean, warn: Warn): JsonObject {
  const { parameters: own, ...extra } = (same ? tool.extra : undefined) ?? {};
  const json: JsonObject = { ...extra, name: tool.name };
  if (tool.description !== undefined) json['description'] = tool.description;
  const { parameters } = tool;
  if (parameters === undefined) return json;
  // What Google said comes back as it was, unless somebody changed what the hub made of it.
  if (isObject(own) && JSON.stringify(jsonSchemaOf(own)) === JSON.stringify(parameters))
    json['parameters'] = own;
  else if (same) json['parametersJsonSchema'] = parameters;
  else if (!takesNothing(parameters)) json['parametersJsonSchema'] = geminiSchema(parameters, warn);
  return json;
}

function callingConfig(choice: ToolChoice | undefined, strict: boolean, warn: Warn): JsonObject | undefined {
  switch (choice?.mode) {
    case 'none':
      return { mode: 'NONE' };
    case 'required':
      return { mode: 'ANY' };
    case 'tool':
      return { mode: 'ANY', allowedFunctionNames: [choice.name] };
    case 'opaque':
      warn('tool_choice', `this choice is only known to ${choice.format}`);
  }
  // `VALIDATED` holds the calls to their schemas without forcing one.
  if (strict) return { mode: 'VALIDATED' };
  return choice?.mode === 'auto' ? { mode: 'AUTO' } : undefined;
}

function encodeConfig(
  request: CanonicalRequest,
  functions: boolean,
  same: boolean,
  warn: Warn,
): JsonObject | undefined {
  const rest = same && isObject(request.extra?.['toolConfig']) ? request.extra['toolConfig'] : {};
  const strict =
    !same && (request.tools ?? []).some((tool) => tool.kind === 'function' && tool.strict === true);
  // A choice without functions is refused; they may all have been dropped.
  const calling = functions || same ? callingConfig(request.toolChoice, strict, warn) : undefined;
  const inner: JsonValue | undefined = rest['functionCallingConfig'];
  const merged: JsonObject = { ...calling, ...(isObject(inner) ? inner : {}) };
  const config: JsonObject = { ...rest };
  if (calling !== undefined || inner !== undefined) config['functionCallingConfig'] = merged;
  return Object.keys(config).length === 0 ? undefined : config;
}

/** Writes `tools` and `toolConfig` into the body. All functions go into one `Tool`, as Google wants them. */
export function encodeTools(body: JsonObject, request: CanonicalRequest, same: boolean, warn: Warn): void {
  const tools: JsonObject[] = [];
  let declarations: JsonObject[] | undefined;
  for (const tool of request.tools ?? []) {
    if (tool.kind === 'opaque') {
      if (tool.format === GEMINI) tools.push(tool.value);
      else
        warn(
          'tools',
          `the tool '${inWords(tool.value['name'] ?? kindInWords(tool.value))}' is only known to ${tool.format}`,
        );
      continue;
    }
    if (tool.cache !== undefined)
      warn('cache_control', 'this format has no cache marks; prompts are cached automatically');
    if (declarations === undefined) {
      declarations = [];
      tools.push({ functionDeclarations: declarations });
    }
    declarations.push(encodeDeclaration(tool, same, warn));
  }
  if (tools.length > 0 || (same && request.tools !== undefined)) body['tools'] = tools;
  const config = encodeConfig(request, declarations !== undefined, same, warn);
  if (config !== undefined) body['toolConfig'] = config;
  if (request.parallelToolCalls === false && declarations !== undefined)
    warn('parallel_tool_calls', 'several tool calls in an answer cannot be forbidden in this format');
}
