import type { JsonObject } from '@headgate/sdk';
import { answerHeaders } from '../answer-headers.js';
import { type ErrorCode, gatewayError } from '../errors.js';
import type { Exchange } from '../exchange.js';
import { answerBytes } from '../fail.js';
import { tooLarge } from '../http/request-body.js';
import type { VirtualKey } from '../identity/virtual-key.js';
import type { IoThread } from '../io-thread.js';
import { usdText } from '../money.js';
import type { Stage } from '../pipeline.js';
import { behalvesOf, type ToolUser } from './behalf.js';
import type { McpPath } from './mcp-path.js';
import type { ServerState } from './protocol.js';
import { NeedsBrowser, refusalError } from './refusal.js';
import type { ToolCatalog } from './tool-catalog.js';
import { toolJson } from './tool-json.js';
import { type OfferedTool, ToolRun } from './tool-run.js';
import { toolStages } from './tool-stages.js';

/** How a request whose caller is known and whose body is there goes on. */
export async function stagesOf(io: IoThread, path: McpPath): Promise<readonly Stage[]> {
  const catalog = await io.tools();
  switch (path) {
    case '/api/mcp/tools':
      return [(x) => tools(x, catalog)];
    case '/api/mcp/servers':
      return [(x) => servers(x, catalog)];
    case '/api/mcp/call':
      return [readCall, ...toolStages(catalog, answerCall)];
  }
}

async function tools(x: Exchange, catalog: ToolCatalog): Promise<void> {
  const only = serversAsked(x.incoming.query);
  const offered = await catalog.list(userOf(x), only);
  if (x.answered) return;
  send(x, {
    data: offered.tools.map(offeredJson),
    missing: offered.missing.map(({ server, error: { canonical } }) => ({
      server,
      code: canonical.code,
      message: canonical.message,
    })),
  });
}

/** `?server=files&server=search`; null: all. */
function serversAsked(query: string): string[] | null {
  const given = new URLSearchParams(query);
  for (const name of given.keys())
    if (name !== 'server')
      throw gatewayError('invalid_parameter', { why: `there is no parameter "${name}"; there is server` });
  const names = given.getAll('server');
  return names.length === 0 ? null : [...new Set(names)];
}

function offeredJson({ server, tool, settings }: OfferedTool): JsonObject {
  return { ...toolJson(server.id, tool), price_usd: usdText(settings?.priceNano ?? 0) };
}

async function servers(x: Exchange, catalog: ToolCatalog): Promise<void> {
  const user = userOf(x);
  const allowed = catalog.servers(user.principal);
  const reply = await x.io.control.mcp({ do: 'states', behalf: behalvesOf(allowed, user) });
  if (x.answered) return;
  const states = 'states' in reply ? reply.states : [];
  const ids = new Set(allowed.map(({ id }) => id));
  send(x, { data: states.filter(({ id }) => ids.has(id)).map((state) => stateJson(state, x)) });
}

/** Of a server, what who may use it may know. */
function stateJson({ id, state, tools: count, needs }: ServerState, x: Exchange): JsonObject {
  const error = needs === null ? null : refusalError(needs, x.runtime.config, x.incoming.headers);
  return {
    id,
    state,
    tools: count,
    needs: needs === null ? null : (NEEDS[needs.code] ?? null),
    ...(error instanceof NeedsBrowser && { authorize_url: error.url }),
  };
}

/** What keeps a caller from using a server that others may be using. */
const NEEDS: Partial<Record<ErrorCode, string>> = {
  mcp_credential_missing: 'credential',
  mcp_authorization_required: 'authorization',
};

function userOf(x: Exchange): ToolUser & { readonly principal: VirtualKey } {
  return { principal: x.principal as VirtualKey, metadata: x.metadata, headers: x.incoming.headers };
}

function readCall(x: Exchange): void {
  const { body } = x.incoming;
  if (body.tooLarge) throw tooLarge(body);
  const given = parsed(body.bytes);
  for (const name of Object.keys(given))
    if (!['server', 'tool', 'arguments'].includes(name))
      throw gatewayError('invalid_field', {
        why: `There is no field "${name.slice(0, 100)}"; there are server, tool and arguments.`,
      });
  const { server, tool, arguments: args = {} } = given;
  if (typeof server !== 'string' || typeof tool !== 'string')
    throw gatewayError('invalid_field', { why: 'The fields "server" and "tool" must be texts.' });
  if (typeof args !== 'object' || args === null || Array.isArray(args))
    throw gatewayError('invalid_field', { why: 'The field "arguments" must be an object.' });
  x.tool = new ToolRun({ server, tool }, args as JsonObject, null);
}

function answerCall(x: Exchange): void {
  const { offered, result } = x.tool as ToolRun;
  const { server, tool } = offered as OfferedTool;
  send(x, {
    server: server.id,
    tool: tool.name,
    result: result as unknown as JsonObject,
    cost_usd: usdText(x.billedNano ?? 0),
  });
}

function parsed(bytes: Uint8Array): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw gatewayError('invalid_json', { why: 'it cannot be parsed' });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw gatewayError('invalid_json', { why: 'it is no object' });
}

function send(x: Exchange, value: JsonObject): void {
  answerBytes(x, 200, answerHeaders(x, 'application/json', null), JSON.stringify(value));
}
