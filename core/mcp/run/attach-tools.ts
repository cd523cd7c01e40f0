import type { CanonicalRequest, JsonObject, ServerToolItems } from '@headgate/sdk';
import { canonicalOf, parsedBody } from '../../canonical-of.js';
import type { McpConfig } from '../../config/mcp-config.js';
import { gatewayError } from '../../errors.js';
import type { Exchange } from '../../exchange.js';
import type { VirtualKey } from '../../identity/virtual-key.js';
import { detach } from '../../kept/background.js';
import type { ToolCatalog } from '../tool-catalog.js';
import type { OfferedTool } from '../tool-run.js';
import { type EarlierRuns, earlierRuns } from './earlier-runs.js';
import { GuestServers } from './guest-servers.js';
import { META_SERVER, type MetaTools } from './meta-tools.js';
import { clientTools, putInPlace, withTools } from './request-with-tools.js';
import { RunAnswer } from './run-answer.js';
import type { RunPlan } from './run-plan.js';
import { shownTools } from './shown-tools.js';
import { ToolLoop } from './tool-loop.js';
import { type NamedTool, ToolNames } from './tool-names.js';
import { newRunId, takeWaiting } from './waiting-runs.js';
import { type Wanted, type WantedServer, wantedServers } from './wanted.js';

/** Behind all stages: what follows is the run's. */
const NO_STAGE = Number.MAX_SAFE_INTEGER;

/** Puts tools of servers into a request that wants some, or lets it go on as a run that calls them itself. */
export async function attachTools(x: Exchange): Promise<void> {
  const { toolRuns } = x.endpoint.format;
  const waiting = x.header('x-headgate-run');
  if (toolRuns === undefined) {
    const header = waiting !== undefined ? 'x-headgate-run' : 'x-headgate-mcp';
    if (x.header(header) !== undefined) throw gatewayError('mcp_not_here', { path: x.incoming.path, header });
    return;
  }
  const { items } = toolRuns;
  const request = canonicalOf(x);
  const wanted = wantedServers(x, request, items);
  const { servers: configured } = x.runtime.config.mcp as McpConfig;
  const isHere = (server: string): boolean => configured.has(server) || server === META_SERVER;
  const told = items !== null && mentions(request, items, isHere);
  if (wanted.servers.length === 0 && waiting === undefined && !told) return;
  const catalog = await x.io.tools();
  if (x.answered) return;
  const guests = new GuestServers(x);
  try {
    await attach(x, { request, items, wanted, catalog, guests, waiting: waiting ?? null });
  } finally {
    // A run has taken them over.
    if (!guests.taken) guests.close();
  }
}

interface Attaching {
  readonly request: CanonicalRequest;
  readonly items: ServerToolItems | null;
  readonly wanted: Wanted;
  readonly catalog: ToolCatalog;
  readonly guests: GuestServers;
  readonly waiting: string | null;
}

async function attach(x: Exchange, attaching: Attaching): Promise<void> {
  const { request, items, wanted, catalog, guests, waiting } = attaching;
  const { servers: configured } = x.runtime.config.mcp as McpConfig;
  const from = performance.now();
  const offered = [...(await offeredTools(x, catalog, wanted)), ...(await guests.offered(wanted.servers))];
  x.waitedMs += performance.now() - from;
  if (x.answered) return;
  const own = clientTools(request);
  const names = new ToolNames(offered, own);
  const isOurs = (server: string): boolean => wanted.servers.some(({ id }) => id === server);
  const byId = new Map(wanted.servers.map((one) => [one.id, one]));
  const asks = (tool: NamedTool): boolean => asksFor(tool, byId.get(tool.server.id));
  const shown = await shownTools(x, { request, names, own, items, wanted, catalog, asks });
  if (x.answered) return;
  const merged = withTools(request, { names, functions: shown.functions }, items, isOurs);
  const isHere = (server: string): boolean =>
    configured.has(server) || server === META_SERVER || isOurs(server);
  const nameOf = (server: string, tool: string): string =>
    server === META_SERVER && !configured.has(server) ? tool : names.of(server, tool);
  const earlier = items === null ? null : earlierRuns(merged.messages, merged.origin, items, nameOf, isHere);
  const whole = earlier === null ? merged : { ...merged, messages: earlier.messages };
  if (!wanted.agent && waiting === null) {
    putInPlace(x, whole);
    return;
  }
  const { meta } = shown;
  await run(x, { request: whole, names, own, meta, asks, items, wanted, earlier, guests, waiting });
}

/** The conversation tells of earlier runs, which providers would not understand. */
function mentions(
  { messages, origin }: CanonicalRequest,
  items: ServerToolItems,
  isOurs: (server: string) => boolean,
): boolean {
  return messages.some(({ parts }) =>
    parts.some((part) => {
      const item = part.type === 'opaque' && part.format === origin ? items.read(part.value) : null;
      return item !== null && item.kind !== 'reply' && isOurs(item.server);
    }),
  );
}

/** The tools that the caller may use of those that are wanted, in an order that stays. */
async function offeredTools(x: Exchange, catalog: ToolCatalog, { servers }: Wanted): Promise<OfferedTool[]> {
  const key = x.principal as VirtualKey;
  const may = new Set(catalog.servers(key).map(({ id }) => id));
  // What only the configuration adds is left out where it cannot be had; what the request names must be there.
  const asked = servers.filter(({ id, named, guest }) => guest === null && (named || may.has(id)));
  const { tools, missing } = await catalog.list(
    { principal: key, metadata: x.metadata, headers: x.incoming.headers },
    asked.map(({ id }) => id),
  );
  const byId = new Map(asked.map((one) => [one.id, one]));
  const lost = missing.filter(({ server }) => byId.get(server)?.named === true)[0];
  if (lost !== undefined) throw lost.error;
  if (missing.length > 0)
    x.addHeaders(['x-headgate-mcp-missing', missing.map(({ server }) => server).join(', ')]);
  return tools.filter(({ server, tool }) => byId.get(server.id)?.allows(tool) === true);
}

interface Begun {
  readonly request: CanonicalRequest;
  readonly names: ToolNames;
  readonly own: ReadonlySet<string>;
  readonly meta: MetaTools | null;
  readonly asks: (tool: NamedTool) => boolean;
  readonly items: ServerToolItems | null;
  readonly wanted: Wanted;
  readonly earlier: EarlierRuns | null;
  readonly guests: GuestServers;
  /** Id of the run that the client comes back to. */
  readonly waiting: string | null;
}

async function run(x: Exchange, begun: Begun): Promise<void> {
  const { request, names, own, meta, asks, items, wanted, earlier, guests, waiting } = begun;
  if ((request.choices ?? 1) > 1) throw gatewayError('mcp_run_choices', { n: request.choices ?? 1 });
  const { conversation } = x;
  if (conversation !== null) {
    const { previous, conversation: at } = conversation.asked;
    if (at !== null || (previous !== null && conversation.earlier === null))
      throw gatewayError('mcp_run_elsewhere');
  }
  const resumed = waiting === null ? null : await takeWaiting(x, waiting);
  if (x.answered) return;
  const echo = echoOf(x);
  if (conversation !== null) {
    // Rounds are kept by nobody: the answer of all of them is, here.
    conversation.kept = conversation.store;
    if (conversation.asked.background) await detach(x, conversation);
    else conversation.opens(x);
    if (x.answered) return;
  }
  const plan: RunPlan = {
    request: resumed === null ? request : { ...request, messages: [...resumed.messages] },
    names,
    clientTools: own,
    meta,
    items,
    limits: (x.runtime.config.mcp as McpConfig).runs,
    agreed: earlier?.agreed ?? [],
    lists: wanted.servers.flatMap(({ id, item }) => {
      if (item === null || earlier?.listed.has(id) === true) return [];
      return [{ label: id, tools: names.all.filter(({ server }) => server.id === id) }];
    }),
    asks,
    asksSomething: names.all.some(asks),
    waitId: newRunId(),
    waiting: resumed?.calls ?? [],
    ended: guests.take(),
  };
  x.at = NO_STAGE;
  new ToolLoop(x, plan, new RunAnswer(x, echo)).begin();
}

/** The operator's word, and that of a request that names the server itself. */
function asksFor({ settings, tool }: NamedTool, wanted: WantedServer | undefined): boolean {
  return settings?.approval === true || wanted?.item?.needsApproval(tool.name) === true;
}

/** What the answer repeats is what the client has asked, not what the rounds did. */
function echoOf(x: Exchange): JsonObject | undefined {
  const { conversation } = x;
  const { state } = x.endpoint.format;
  if (state === undefined) return undefined;
  return conversation?.store === true
    ? conversation.echo(x)
    : state.echo(conversation?.original ?? parsedBody(x), state.asked(x), false);
}
