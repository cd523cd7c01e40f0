import type {
  AskedServer,
  CanonicalRequest,
  ItemCall,
  ItemTool,
  JsonObject,
  JsonValue,
  Message,
  Part,
  RunItem,
  ServerToolItems,
} from '@headgate/sdk';
import { MalformedBody } from '@headgate/sdk';
import { isObject, stringOr } from '../shared/read-json.js';
import { STATE_FIELDS } from './state.js';
import { ENCRYPTED_REASONING, mark, marksOf } from './types.js';

function namesIn(value: JsonValue | undefined, param: string): string[] | null {
  if (value === undefined || value === null) return null;
  if (!Array.isArray(value) || value.some((name) => typeof name !== 'string'))
    throw new MalformedBody(`'${param}' must be a list of tool names`, param);
  return value as string[];
}

/** `always`, `never`, or which tools need it and which do not; as with OpenAI, a server that says nothing needs it always. */
function approvalOf(value: JsonValue | undefined): (tool: string) => boolean {
  if (value === undefined || value === null || value === 'always') return () => true;
  if (value === 'never') return () => false;
  if (!isObject(value))
    throw new MalformedBody(
      "'require_approval' must be always, never or an object with always and never",
      'tools.require_approval',
    );
  const always = filterOf(value['always'], 'tools.require_approval.always');
  const never = filterOf(value['never'], 'tools.require_approval.never');
  return (tool) => always?.includes(tool) === true || never?.includes(tool) !== true;
}

function filterOf(value: JsonValue | undefined, param: string): string[] | null {
  return namesIn(isObject(value) ? value['tool_names'] : value, param);
}

function authorizationOf(value: JsonValue | undefined): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value !== 'string')
    throw new MalformedBody("'authorization' must be a text", 'tools.authorization');
  return value;
}

function headersOf(value: JsonValue | undefined): Record<string, string> {
  if (value === undefined || value === null) return {};
  const texts = isObject(value) && Object.values(value).every((one) => typeof one === 'string');
  if (!texts) throw new MalformedBody("'headers' must be an object of texts", 'tools.headers');
  return value as Record<string, string>;
}

function asked(tool: JsonObject): AskedServer | null {
  if (tool['type'] !== 'mcp') return null;
  const { server_label: label, server_url: url, allowed_tools: allowed } = tool;
  if (typeof label !== 'string' || label === '')
    throw new MalformedBody("a tool of type 'mcp' needs a 'server_label'", 'tools.server_label');
  return {
    label,
    url: typeof url === 'string' ? url : null,
    authorization: authorizationOf(tool['authorization']),
    headers: headersOf(tool['headers']),
    allowed: filterOf(allowed, 'tools.allowed_tools'),
    readOnly: isObject(allowed) && allowed['read_only'] === true,
    needsApproval: approvalOf(tool['require_approval']),
  };
}

function chosen(choice: JsonValue): { server: string; tool: string | null } | null {
  if (!isObject(choice) || choice['type'] !== 'mcp' || typeof choice['server_label'] !== 'string')
    return null;
  const { server_label: server, name } = choice;
  return { server, tool: typeof name === 'string' ? name : null };
}

function read(item: JsonObject): RunItem | null {
  const text = (name: string): string => stringOr(item[name], '');
  const named = {
    id: text('id'),
    server: text('server_label'),
    tool: text('name'),
    arguments: text('arguments'),
  };
  switch (item['type']) {
    case 'mcp_list_tools':
      return { kind: 'list', server: named.server };
    case 'mcp_call': {
      const failed = item['error'] != null;
      const output = failed ? errorText(item['error']) : text('output');
      return { kind: 'call', ...named, output, failed, question: text('approval_request_id') };
    }
    case 'mcp_approval_request':
      return { kind: 'question', ...named };
    case 'mcp_approval_response':
      return {
        kind: 'reply',
        question: text('approval_request_id'),
        approve: item['approve'] === true,
        reason: text('reason'),
      };
  }
  return null;
}

function errorText(error: JsonValue | undefined): string {
  return typeof error === 'string' ? error : JSON.stringify(error);
}

function list(id: string, server: string, tools: readonly ItemTool[], error: string | null): JsonObject {
  return {
    id,
    type: 'mcp_list_tools',
    server_label: server,
    tools: tools.map(({ name, description, inputSchema, annotations }) => ({
      name,
      description,
      input_schema: inputSchema,
      annotations,
    })),
    ...(error !== null && { error }),
  };
}

function call({ id, server, tool, arguments: args, question, result }: ItemCall): JsonObject {
  return {
    id,
    type: 'mcp_call',
    status: result === null ? 'in_progress' : result.failed ? 'failed' : 'completed',
    approval_request_id: question === '' ? null : question,
    server_label: server,
    name: tool,
    arguments: args,
    output: result === null || result.failed ? null : result.text,
    error: result?.failed === true ? result.text : null,
  };
}

function question(id: string, server: string, tool: string, args: string): JsonObject {
  return { id, type: 'mcp_approval_request', server_label: server, name: tool, arguments: args };
}

function round(request: CanonicalRequest): CanonicalRequest {
  const extra: JsonObject = { ...request.extra };
  for (const field of STATE_FIELDS) delete extra[field];
  const { include } = extra;
  const wanted = Array.isArray(include) ? include : [];
  extra['store'] = false;
  // Models that do not reason take it too.
  extra['include'] = wanted.includes(ENCRYPTED_REASONING) ? wanted : [...wanted, ENCRYPTED_REASONING];
  return { ...request, messages: request.messages.map(plainResults), extra };
}

/** Results that are texts are written as a string: not all servers of this API take a list. */
function plainResults(message: Message): Message {
  if (message.role !== 'tool' || message.parts.every((part) => part.type !== 'tool-result' || part.extra))
    return message;
  const parts = message.parts.map((part): Part => {
    if (part.type !== 'tool-result' || part.extra !== undefined) return part;
    const texts = part.content.map((one) => (one.type === 'text' ? one.text : null));
    if (texts.includes(null)) return part;
    const plain: Part = { ...part, content: [{ type: 'text', text: texts.join('\n\n') }] };
    mark(plain, 'string', true);
    return plain;
  });
  return { ...message, parts };
}

/** A provider that keeps nothing would look for items by their ids in vain. */
function again(parts: readonly Part[]): Part[] {
  const sealed = parts.some(
    (part) => part.type === 'reasoning' && (part.encrypted !== undefined || part.signature !== undefined),
  );
  return parts.flatMap((part): Part[] => {
    if (part.type === 'reasoning' && !sealed) return [];
    if (part.type === 'opaque' && part.value['type'] === 'reasoning') return [];
    const { item } = marksOf(part);
    if (item === undefined) return [part];
    const { id: _id, status: _status, ...rest } = item;
    // Answers say it without; a request that has parts of an answer does not.
    const type = part.type === 'text' || part.type === 'refusal' ? { type: 'message' } : {};
    return [{ ...part, extra: { ...part.extra, item: { ...type, ...rest } } }];
  });
}

/** https://platform.openai.com/docs/guides/tools-connectors-mcp */
export const serverToolItems: ServerToolItems = {
  mark: '"mcp',
  asked,
  chosen,
  read,
  list,
  call,
  question,
  round,
  again,
};
