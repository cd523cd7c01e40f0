import type {
  CanonicalRequest,
  JsonObject,
  RequestCodec,
  ServerToolItems,
  Tool,
  ToolChoice,
} from '@headgate/sdk';
import { parsedBody } from '../../canonical-of.js';
import type { Exchange } from '../../exchange.js';
import { scanTopLevel } from '../../wire/json-scan.js';
import type { FieldSpans } from '../../wire/json-spans.js';
import type { NamedTool, ToolNames } from './tool-names.js';

/** Names of the tools that the client brought itself. */
export function clientTools({ tools = [] }: CanonicalRequest): Set<string> {
  return new Set(
    tools.flatMap((tool) => {
      const name = tool.kind === 'function' ? tool.name : tool.value['name'];
      return typeof name === 'string' ? [name] : [];
    }),
  );
}

/**
 * The request with functions for tools of servers behind the client's own, in an order that stays.
 *
 * @param functions all of them as a rule; `names` has those that may be called
 */
export function withTools(
  request: CanonicalRequest,
  { names, functions }: { readonly names: ToolNames; readonly functions: readonly Tool[] },
  items: ServerToolItems | null,
  isOurs: (server: string) => boolean,
): CanonicalRequest {
  const own = (request.tools ?? []).filter((tool) => {
    const asked = tool.kind === 'opaque' && tool.format === request.origin ? items?.asked(tool.value) : null;
    return asked == null || !isOurs(asked.label);
  });
  const tools = [...own, ...functions];
  const { toolChoice, ...rest } = request;
  const choice = choiceOf(toolChoice, names, items, isOurs);
  // APIs refuse a choice among no tools.
  if (tools.length === 0) {
    const { tools: _, ...bare } = rest;
    return bare;
  }
  return { ...rest, tools, ...(choice !== undefined && { toolChoice: choice }) };
}

export function functionOf({ name, tool }: NamedTool): Tool {
  const description = tool.description === '' ? tool.title : tool.description;
  return { kind: 'function', name, parameters: tool.inputSchema, ...(description !== '' && { description }) };
}

/** The tool of a server that the request wants to be called; null for any or none. */
export function forcedTool(
  { toolChoice }: CanonicalRequest,
  names: ToolNames,
  items: ServerToolItems | null,
): NamedTool | null {
  if (toolChoice?.mode === 'tool') return names.find(toolChoice.name);
  const chosen = toolChoice?.mode === 'opaque' ? items?.chosen(toolChoice.value) : null;
  return chosen == null || chosen.tool === null ? null : names.find(names.of(chosen.server, chosen.tool));
}

function choiceOf(
  choice: ToolChoice | undefined,
  names: ToolNames,
  items: ServerToolItems | null,
  isOurs: (server: string) => boolean,
): ToolChoice | undefined {
  const chosen = choice?.mode === 'opaque' ? items?.chosen(choice.value) : null;
  if (chosen == null || !isOurs(chosen.server)) return choice;
  return chosen.tool === null
    ? { mode: 'required' }
    : { mode: 'tool', name: names.of(chosen.server, chosen.tool) };
}

/** The request in the words of the client's own API. */
export function bodyOf(x: Exchange, request: CanonicalRequest): JsonObject {
  const codec = x.endpoint.format.request as RequestCodec;
  return codec.encode(request, { model: x.model, fullOpenai: true, warn() {} });
}

/** From here on this is what the client has asked. */
export function putInPlace(x: Exchange, request: CanonicalRequest): void {
  const { conversation } = x;
  if (conversation !== null) conversation.original ??= parsedBody(x);
  const body = bodyOf(x, request);
  const bytes = Buffer.from(JSON.stringify(body));
  x.parsed = body;
  x.canonical = null;
  x.incoming.body.bytes = bytes;
  scanTopLevel(bytes, x.endpoint.fields, x.spans as FieldSpans);
}
