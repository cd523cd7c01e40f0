import type { JsonObject, ToolResult } from '@headgate/sdk';
import type { ServerContext } from '@modelcontextprotocol/server';
import type { CountedMethod } from '../protocol.js';
import { callAt, nextCall } from './call-at.js';
import { callCode, listCode } from './code-handler.js';
import { type Asking, askingOf, type Desk, inputOf } from './desk.js';
import { protocolError, toldTools } from './told-tools.js';

/** `tools/list`: the caller's tools, asked of the thread that knows its rights. */
export async function listTools(desk: Desk, ctx: ServerContext): Promise<JsonObject> {
  const { caller, pump } = askingOf(ctx);
  const servers = desk.scope.toolServers(caller.servers);
  const told = await toldTools(pump, servers);
  return { tools: desk.scope.isCode ? listCode(desk, told) : desk.scope.tools(told) };
}

/** `tools/call`: a call like any other, with its rules, limits and price; cancelled when the client says so. */
export async function callTool(
  desk: Desk,
  params: { name: string; arguments?: JsonObject | undefined },
  ctx: ServerContext,
): Promise<ToolResult> {
  const asking = askingOf(ctx);
  const ofCode = desk.scope.isCode ? await callCode(desk, asking, params, ctx) : null;
  if (ofCode !== null) return ofCode;
  if (asking.begun !== null) return asking.begun.adopt(ctx);
  const { id: request, _meta, signal, notify } = ctx.mcpReq;
  const id = nextCall();
  const token = _meta?.progressToken;
  const cancel = (): void => asking.pump.withdraw(id);
  signal.addEventListener('abort', cancel, { once: true });
  try {
    return await callAt(desk, asking, {
      id,
      request,
      name: params.name,
      arguments: params.arguments ?? {},
      meta: _meta,
      input: inputOf(ctx),
      onProgress:
        token === undefined
          ? null
          : (progress) => {
              const told = { ...progress, progressToken: token };
              notify({ method: 'notifications/progress', params: told }).catch(() => {});
            },
    });
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}

/** Something beside tools, counted like a call: rejects with Refused when it may not be asked for. */
export async function counted<T>(
  { pump }: Asking,
  server: string,
  what: CountedMethod,
  ask: () => Promise<T>,
): Promise<T> {
  const id = nextCall();
  const begun = await pump.ask({ ask: 'count', id, server, what });
  if ('error' in begun) throw protocolError(begun.error);
  let answered = false;
  try {
    const answer = await ask();
    answered = true;
    return answer;
  } finally {
    pump.ask({ ask: 'counted', id, answered }).catch(() => {});
  }
}
