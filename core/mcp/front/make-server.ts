import type { JsonObject } from '@headgate/sdk';
import type { Server, ServerContext } from '@modelcontextprotocol/server';
import { callTool, listTools } from './call-handler.js';
import { askingOf, type Desk } from './desk.js';
import { askToSignIn, NeedsSignIn } from './needs-sign-in.js';
import { complete, getPrompt, list, readResource, resourcePlace } from './other-handlers.js';
import { INVALID_PARAMS, Refused } from './refused.js';
import { SERVER_INFO } from './server-info.js';

export type McpLibrary = typeof import('@modelcontextprotocol/server');

/** One server of the protocol library, which speaks it, for one client or one request, with what stands behind it. */
export function makeServer(mcp: McpLibrary, desk: Desk): Server {
  const { instructions } = desk.scope;
  const server = new mcp.Server(SERVER_INFO, {
    capabilities: {
      tools: { listChanged: true },
      prompts: { listChanged: true },
      resources: { listChanged: true, subscribe: true },
      completions: {},
      logging: {},
    },
    ...(instructions !== '' && { instructions }),
  });
  /** Handlers give back what other servers have said, as it is: the library's types know no more of it than we do. */
  const on = (
    method: Parameters<Server['setRequestHandler']>[0],
    handle: (params: JsonObject, ctx: ServerContext) => Promise<object>,
  ): void => {
    const handler = async (request: { params?: unknown }, ctx: ServerContext): Promise<never> => {
      try {
        return (await handle((request.params ?? {}) as JsonObject, ctx)) as never;
      } catch (error) {
        if (error instanceof NeedsSignIn) return askToSignIn(mcp, server, error, ctx) as never;
        if (error instanceof Refused) throw new mcp.ProtocolError(error.code, error.message, error.data);
        throw error;
      }
    };
    server.setRequestHandler(method as 'ping', handler);
  };
  on('tools/list', (_, ctx) => listTools(desk, ctx));
  on('tools/call', (params, ctx) => callTool(desk, params as never, ctx));
  on('prompts/list', (_, ctx) => list(desk, 'prompts', ctx));
  on('prompts/get', (params, ctx) => getPrompt(desk, params, ctx));
  on('resources/list', (_, ctx) => list(desk, 'resources', ctx));
  on('resources/templates/list', (_, ctx) => list(desk, 'resourceTemplates', ctx));
  on('resources/read', (params, ctx) => readResource(desk, params, ctx));
  on('completion/complete', (params, ctx) => complete(desk, params, ctx));
  const { state } = desk;
  if (state === null) return server;
  on('logging/setLevel', async ({ level }, ctx) => {
    await state.setLevel(String(level), ctx.mcpReq.signal);
    return {};
  });
  on('resources/subscribe', async (params, ctx) => {
    const uri = uriOf(params);
    await state.subscribe(await resourcePlace(desk, uri, ctx), uri, askingOf(ctx).caller, ctx.mcpReq.signal);
    return {};
  });
  on('resources/unsubscribe', async (params, ctx) => {
    const uri = uriOf(params);
    await state.unsubscribe(
      await resourcePlace(desk, uri, ctx),
      uri,
      askingOf(ctx).caller,
      ctx.mcpReq.signal,
    );
    return {};
  });
  return server;
}

function uriOf({ uri }: JsonObject): string {
  if (typeof uri === 'string') return uri;
  throw new Refused(INVALID_PARAMS, 'The field "uri" must be a text.');
}
