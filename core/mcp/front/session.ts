import { randomUUID } from 'node:crypto';
import { type HeaderList, headerOf } from '@headgate/sdk';
import type { Server, WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/server';
import type { FrontCaller } from '../front-protocol.js';
import type { Client, ClientCapabilities, ClientFeatures } from '../hub/client-features.js';
import type { McpHub } from '../hub/hub.js';
import type { ServerLink } from '../hub/server-link.js';
import type { ListKind } from '../protocol.js';
import type { AnswerPump } from './answer-pump.js';
import { BegunCall } from './begun-call.js';
import { codeDesk } from './code-desk.js';
import { type Asking, authOf, type CodeDesk, type Desk, type DeskState } from './desk.js';
import { KEEP_ALIVE_MS } from './keep-alive.js';
import { type McpLibrary, makeServer } from './make-server.js';
import { NoSession } from './no-session.js';
import type { PlainCall } from './plain-call.js';
import { INTERNAL, Refused } from './refused.js';
import { type ReplayMemory, ReplayStore } from './replay.js';
import { Scope } from './scope.js';
import { askServer, reach } from './upstream.js';

type ListName = 'tools' | 'prompts' | 'resources';

/** From this revision on, answers begin with an event that says where they can be taken up again. */
const FIRST_WITH_PLACES = '2025-11-25';
/** Changes that come together are told together. */
const GATHER_MS = 50;
const ASKABLE = ['sampling', 'elicitation', 'roots'] as const;
const METHODS = {
  sampling: 'sampling/createMessage',
  elicitation: 'elicitation/create',
  roots: 'roots/list',
} as const;

export interface SessionStart {
  /** Of the server; null for all together. */
  readonly name: string | null;
  readonly caller: FrontCaller;
  /** This one among others; null when there are no others. */
  readonly node: string | null;
  /** Where it is kept what was sent. */
  readonly replay: ReplayMemory;
}

/** A session of a client that speaks a revision which has them: what it has said of itself and asked for. */
export class Session implements Desk, DeskState {
  readonly id: string;
  readonly name: string | null;
  readonly places = new Map<string, string>();
  /** Answers that are on their way, streams among them. */
  open = 0;
  usedAt = performance.now();
  private readonly server: Server;
  private readonly transport: WebStandardStreamableHTTPServerTransport;
  private servers: readonly string[];
  private readonly running = new Map<string, (string | number)[]>();
  private level: string | null = null;
  private readonly subscribed = new Map<string, string>();
  /** It has asked for something that a server keeps for each of its clients. */
  private hasState = false;
  private readonly changes = new Set<ListName>();
  private readonly sent: ReplayStore;
  /** Calls that the library has not heard of yet. */
  private readonly begun = new Map<string | number, BegunCall>();
  /** Requests whose client has left and may come back. */
  private readonly away = new Set<AnswerPump>();
  private closed = false;

  constructor(
    mcp: McpLibrary,
    private readonly hub: McpHub,
    { name, caller: { keyId, servers }, node, replay }: SessionStart,
    onClosed: (session: Session) => void,
  ) {
    // Other nodes see in it whose it is.
    this.id = node === null ? randomUUID() : `${randomUUID()}.${node}`;
    this.name = name;
    this.keyId = keyId;
    this.servers = servers;
    this.server = makeServer(mcp, this);
    this.server.setNotificationHandler('notifications/roots/list_changed', () => this.rootsChanged());
    const { replayBytes = 0 } = hub.config?.sessions ?? {};
    this.sent = new ReplayStore(replay, replayBytes, () => {
      for (const pump of this.away) pump.cameBack();
    });
    this.transport = new mcp.WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: () => this.id,
      keepAliveMs: KEEP_ALIVE_MS,
      eventStore: this.sent,
      maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    });
    this.server.onclose = () => {
      this.closed = true;
      this.sent.clear();
      hub.own.endSession(this.id);
      onClosed(this);
    };
  }

  /** Nobody else may use it. */
  readonly keyId: string;

  get state(): DeskState {
    return this;
  }

  get code(): CodeDesk {
    return codeDesk(this.hub);
  }

  get scope(): Scope {
    return new Scope(this.name, this.hub.config);
  }

  async respond(request: Request, body: { parsedBody?: unknown }, asking: Asking): Promise<Response> {
    const last = request.method === 'GET' ? request.headers.get('last-event-id') : null;
    if (last !== null && !this.sent.has(last))
      throw new NoSession(400, -32_000, 'What came after that event is not known here, or not any longer');
    if (this.server.transport === undefined) await this.server.connect(this.transport);
    this.servers = asking.caller.servers;
    return this.transport.handleRequest(request, { ...body, authInfo: authOf(asking) });
  }

  /** A client that has begun it may call tools. */
  get isReady(): boolean {
    return !this.closed && this.transport.sessionId !== undefined;
  }

  /** A plain call; null where another of the same name has not ended, which the library knows what to say of. */
  begin(call: PlainCall, asking: Asking): BegunCall | null {
    if (this.begun.has(call.id)) return null;
    this.servers = asking.caller.servers;
    const begun = new BegunCall(this, asking, call);
    this.begun.set(call.id, begun);
    return begun;
  }

  /** It is over, or the library has it. */
  forgetBegun({ id }: PlainCall): void {
    this.begun.delete(id);
  }

  /** Has the library know of a call, if that was begun without it. */
  async known(request: unknown): Promise<void> {
    await this.begun.get(request as string | number)?.known();
  }

  /** How long a client may take to come back for an answer that broke off: one that was told where it is, by the first event. */
  waitFor(headers: HeaderList): number {
    if ((headerOf(headers, 'mcp-protocol-version') ?? '') < FIRST_WITH_PLACES) return 0;
    return this.hub.config?.sessions.resumeMs ?? 0;
  }

  left(pump: AnswerPump): void {
    this.away.add(pump);
  }

  gone(pump: AnswerPump): void {
    this.away.delete(pump);
  }

  link(server: string, caller: FrontCaller): ServerLink {
    return this.own(server, caller) ?? reach(this.hub, server, caller);
  }

  owner(server: string, caller: FrontCaller): string {
    return this.own(server, caller) === null ? '' : this.id;
  }

  with(server: string, request: string | number): () => void {
    let list = this.running.get(server);
    if (list === undefined) this.running.set(server, (list = []));
    list.push(request);
    return () => {
      const at = list.indexOf(request);
      if (at >= 0) list.splice(at, 1);
    };
  }

  async setLevel(level: string, signal: AbortSignal): Promise<void> {
    this.level = level;
    this.hasState = true;
    // Those that are connected later are told then.
    for (const [, link] of this.hub.own.of(this.id))
      await askServer(link, 'logging/setLevel', { level }, signal).catch(() => {});
  }

  async subscribe(server: string, uri: string, caller: FrontCaller, signal: AbortSignal): Promise<void> {
    this.hasState = true;
    await askServer(this.ownOrRefuse(server, caller), 'resources/subscribe', { uri }, signal);
    this.subscribed.set(uri, server);
  }

  async unsubscribe(server: string, uri: string, caller: FrontCaller, signal: AbortSignal): Promise<void> {
    this.subscribed.delete(uri);
    await askServer(this.ownOrRefuse(server, caller), 'resources/unsubscribe', { uri }, signal);
  }

  /** A list of a server is not what it was. */
  changed(server: string, kind: ListKind): void {
    const { scope } = this;
    const what = kind === 'resourceTemplates' ? 'resources' : kind;
    const concerned = what === 'tools' ? scope.toolServers(this.servers) : scope.otherServers(this.servers);
    if (this.closed || !concerned.includes(server)) return;
    if (this.changes.size === 0)
      setTimeout(() => {
        for (const list of this.changes)
          this.server.notification({ method: `notifications/${list}/list_changed` }).catch(() => {});
        this.changes.clear();
      }, GATHER_MS).unref();
    this.changes.add(what);
  }

  async close(): Promise<void> {
    await this.server.close();
  }

  private ownOrRefuse(server: string, caller: FrontCaller): ServerLink {
    const link = this.own(server, caller);
    if (link !== null) return link;
    throw new Refused(
      INTERNAL,
      `The MCP server "${server}" has no connection left for this session, which subscriptions need (own_connections).`,
    );
  }

  /** Null when it needs none of its own, or can have none. */
  private own(server: string, { behalf }: FrontCaller): ServerLink | null {
    const of = behalf[server] ?? null;
    const known = this.hub.own.find(this.id, server, of);
    if (known !== undefined) return known;
    const capabilities = this.server.getClientCapabilities() ?? {};
    if (!this.hasState && ASKABLE.every((what) => capabilities[what] === undefined)) return null;
    return this.hub.openOwn(this.id, server, of, this.featuresOf(server, capabilities));
  }

  private featuresOf(server: string, capabilities: ClientCapabilities): ClientFeatures {
    const asked = ASKABLE.filter((what) => capabilities[what] !== undefined);
    return {
      capabilities: Object.fromEntries(asked.map((what) => [what, capabilities[what]])),
      wire: (client) => {
        for (const what of asked)
          client.setRequestHandler(
            METHODS[what],
            async ({ method, params }, { mcpReq }) =>
              (await this.askClient(server, { method, params }, mcpReq.signal)) as never,
          );
        client.setNotificationHandler('notifications/message', ({ method, params }) =>
          this.tell({ method, params }, this.requestAt(server)),
        );
        client.setNotificationHandler('notifications/resources/updated', ({ method, params }) =>
          this.tell({ method, params }, undefined),
        );
      },
      connected: (client) => this.restore(server, client),
      changed: (what) => this.changed(server, what),
    };
  }

  /** What the server wants of the client goes along with the request that it came of. */
  private async askClient(
    server: string,
    request: { method: string; params?: unknown },
    signal: AbortSignal,
  ): Promise<unknown> {
    const related = this.requestAt(server);
    await this.known(related);
    const timeout = this.hub.config?.servers.get(server)?.timeouts.callMs ?? 60_000;
    return this.server.request(request as { method: 'elicitation/create' }, {
      signal,
      timeout,
      ...(related !== undefined && { relatedRequestId: related }),
    });
  }

  private async tell(
    notification: { method: string; params?: unknown },
    related: string | number | undefined,
  ): Promise<void> {
    await this.known(related);
    await this.server
      .notification(
        notification as Parameters<Server['notification']>[0],
        related === undefined ? {} : { relatedRequestId: related },
      )
      .catch(() => {});
  }

  /** The last request that is with the server. */
  private requestAt(server: string): string | number | undefined {
    return this.running.get(server)?.at(-1);
  }

  /** A server that was just connected, perhaps again, knows nothing of what the client has asked for. */
  private restore(server: string, client: Client): void {
    const { level } = this;
    if (level !== null && client.getServerCapabilities()?.logging !== undefined)
      client.setLoggingLevel(level as Parameters<Client['setLoggingLevel']>[0]).catch(() => {});
    for (const [uri, at] of this.subscribed)
      if (at === server) client.subscribeResource({ uri }).catch(() => {});
  }

  private async rootsChanged(): Promise<void> {
    for (const [, link] of this.hub.own.of(this.id))
      await link
        .connect()
        .then(({ client }) => client.sendRootsListChanged())
        .catch(() => {});
  }
}
