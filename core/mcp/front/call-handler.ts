import type { JsonObject, ToolResult } from '@headgate/sdk';
import type { ServerContext } from '@modelcontextprotocol/server';
import type { CountedMethod } from '../protocol.js';
import { callCode, listCode } from './code-handler.js';
import { type Asking, askingOf, type Desk, inputOf } from './desk.js';
import { INVALID_PARAMS, Refused } from './refused.js';
import type { Place } from './scope.js';
import { protocolError, refused, toldTools } from './told-tools.js';

let calls = 0;

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

/** Something beside tools, counted like a call: rejects with Refused when it may not be asked for. */
export async function counted<T>(
  { pump }: Asking,
  server: string,
  what: CountedMethod,
  ask: () => Promise<T>,
): Promise<T> {
  const id = String(++calls);
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
