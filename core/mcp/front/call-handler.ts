import type { JsonObject, ToolResult } from '@headgate/sdk';
import type { ServerContext } from '@modelcontextprotocol/server';
import type { McpToldAnswer, ToldError, ToldTool } from '../front-protocol.js';
import { type Asking, askingOf, type Desk, inputOf } from './desk.js';
import { NeedsSignIn } from './needs-sign-in.js';
import { INTERNAL, INVALID_PARAMS, Refused } from './refused.js';
import type { Place } from './scope.js';

let calls = 0;

/** `tools/list`: the caller's tools, asked of the thread that knows its rights. */
export async function listTools(desk: Desk, ctx: ServerContext): Promise<JsonObject> {
  const { caller, pump } = askingOf(ctx);
  const servers = desk.scope.toolServers(caller.servers);
  return { tools: desk.scope.tools(await toldTools(pump, servers)) };
}

/** `tools/call`: a call like any other, with its rules, limits and price; cancelled when the client says so. */
export async function callTool(
  desk: Desk,
  params: { name: string; arguments?: JsonObject | undefined },
  ctx: ServerContext,
): Promise<ToolResult> {
  const asking = askingOf(ctx);
  const { id: request, _meta, signal, notify } = ctx.mcpReq;
  const place = await placeOf(desk, asking, params.name);
  const id = String(++calls);
  const token = _meta?.progressToken;
  const leave = desk.with(place.server, request);
  const quiet =
    token === undefined
      ? null
      : asking.pump.listen(id, (progress) => {
          notify({ method: 'notifications/progress', params: { ...progress, progressToken: token } }).catch(
            () => {},
          );
        });
  const cancel = (): void => asking.pump.withdraw(id);
  signal.addEventListener('abort', cancel, { once: true });
  try {
    const answer = await asking.pump.ask({
      ask: 'call',
      id,
      server: place.server,
      tool: place.name,
      arguments: params.arguments ?? {},
      session: desk.owner(place.server, asking.caller),
      progress: token !== undefined,
      input: inputOf(ctx),
      meta: metaOf(_meta),
    });
    if ('error' in answer) return refused(answer.error);
    if (!('result' in answer)) throw new Error('the other thread answered another question');
    return answer.result;
  } finally {
    signal.removeEventListener('abort', cancel);
    quiet?.();
    leave();
  }
}

/** What is not between the client and us alone: trace context, what clients and servers agree on by themselves. */
function metaOf(given: object | undefined): JsonObject | null {
  const passed = Object.entries(given ?? {}).filter(
    ([name]) => name !== 'progressToken' && !name.startsWith('io.modelcontextprotocol/'),
  );
  return passed.length === 0 ? null : Object.fromEntries(passed);
}

async function placeOf({ scope }: Desk, { caller, pump }: Asking, name: string): Promise<Place> {
  const places = scope.toolPlaces(name, caller.servers);
  if (places.length > 1) {
    // `a__b__c` may be two things; it is the one that there is.
    const told = await toldTools(
      pump,
      places.map(({ server }) => server),
    );
    const found = places.find((place) =>
      told.some(({ server, tool }) => server === place.server && tool.name === place.name),
    );
    if (found !== undefined) return found;
  }
  const [first] = places;
  if (first === undefined) throw new Refused(INVALID_PARAMS, `There is no tool "${name.slice(0, 200)}".`);
  return first;
}

async function toldTools(pump: Asking['pump'], servers: readonly string[]): Promise<readonly ToldTool[]> {
  if (servers.length === 0) return [];
  const answer: McpToldAnswer = await pump.ask({ ask: 'tools', servers });
  if ('error' in answer) throw protocolError(answer.error);
  return 'tools' in answer ? answer.tools : [];
}

function refused(error: ToldError): ToolResult {
  // A model can mend this one by itself, so it is told as the tool's own failure.
  if (error.code === 'mcp_arguments_invalid')
    return { content: [{ type: 'text', text: error.message }], isError: true };
  throw protocolError(error);
}

function protocolError({ code, message, status, retryAfterMs, url }: ToldError): Refused {
  if (url !== null) return new NeedsSignIn(code, message, url);
  const data = { code, status, ...(retryAfterMs !== null && { retry_after_ms: retryAfterMs }) };
  return new Refused(status === 403 || status === 404 ? INVALID_PARAMS : INTERNAL, message, data);
}
