import { type HeaderList, headerOf } from '@headgate/sdk';
import type { McpHttpHandler, ServerEventBus } from '@modelcontextprotocol/server';
import type { AnswerStream, StreamSource } from '../../streamed.js';
import type { McpFrontAsk } from '../front-protocol.js';
import type { McpHub } from '../hub/hub.js';
import type { ListKind } from '../protocol.js';
import { AnswerPump } from './answer-pump.js';
import { BegunCall } from './begun-call.js';
import { codeDesk } from './code-desk.js';
import { type Asking, authOf, type Desk } from './desk.js';
import { KEEP_ALIVE_MS } from './keep-alive.js';
import { type McpLibrary, makeServer } from './make-server.js';
import { NoSession } from './no-session.js';
import { type NodeDirectory, OtherNodes } from './other-nodes.js';
import { type PlainCall, plainCall } from './plain-call.js';
import { answerTo } from './plain-result.js';
import { ReplayMemory } from './replay.js';
import { Scope } from './scope.js';
import { Session } from './session.js';
import { reach } from './upstream.js';

/** How often sessions are looked at that nobody may be using. */
const LOOK_MS = 10_000;

/** The gateway as a server of the protocol, in the main thread: sessions of older revisions, single requests of the newest. */
export class McpFront {
  private readonly sessions = new Map<string, Session>();
  /** For revisions without sessions, by name of the server. */
  private readonly modern = new Map<string | null, { handler: McpHttpHandler; bus: ServerEventBus }>();
  /** Streams that end only when somebody ends them. */
  private readonly standing = new Set<AnswerPump>();
  private readonly looker: NodeJS.Timeout;
  private readonly replay = new ReplayMemory();
  private readonly others: OtherNodes | null;

  private constructor(
    private readonly mcp: McpLibrary,
    private readonly hub: McpHub,
    private readonly nodes: NodeDirectory | null,
  ) {
    this.others = nodes === null ? null : new OtherNodes(nodes);
    hub.watch((server, what) => this.changed(server, what));
    hub.own.unusedSince = (id) => {
      const session = this.sessions.get(id);
      return session === undefined || session.open > 0 ? null : session.usedAt;
    };
    this.looker = setInterval(() => this.forgetUnused(), LOOK_MS);
    this.looker.unref();
  }

  static async load(hub: McpHub, nodes: NodeDirectory | null): Promise<McpFront> {
    return new McpFront(await import('@modelcontextprotocol/server'), hub, nodes);
  }

  serve(ask: McpFrontAsk, to: AnswerStream): StreamSource {
    let session: Session | null = null;
    const pump: AnswerPump = new AnswerPump(to, () => {
      this.standing.delete(pump);
      if (session === null) return;
      session.open--;
      session.gone(pump);
      session.usedAt = performance.now();
    });
    const run = async (): Promise<void> => {
      const owner = ask.passed === null ? null : (this.others?.ownerOf(ask.headers) ?? null);
      if (owner !== null) {
        if (ask.method === 'GET') this.standing.add(pump);
        await pump.send(await (this.others as OtherNodes).pass(owner, ask, pump.signal));
        return;
      }
      const parsed = ask.method === 'POST' ? parsedOf(ask.body) : undefined;
      session = this.sessionOf(ask, parsed);
      if (session !== null) {
        session.open++;
        pump.onLeft = () => session?.left(pump);
      }
      const asking = { caller: ask.caller, pump, begun: null };
      const call = this.plain(ask, parsed, session);
      if (call === null) await this.answer(ask, parsed, session, asking);
      else await this.call(call, ask, parsed, session, asking);
    };
    run().catch((error) => {
      if (error instanceof NoSession) pump.send(error.response()).catch((why) => pump.fail(why));
      else pump.fail(error);
    });
    return pump;
  }

  /** Streams that would go on for ever end; their clients come again, elsewhere. */
  drain(): void {
    for (const pump of [...this.standing]) pump.close();
  }

  async close(): Promise<void> {
    clearInterval(this.looker);
    this.drain();
    await this.others?.close();
    await Promise.allSettled([...this.sessions.values()].map((session) => session.close()));
    await Promise.allSettled([...this.modern.values()].map(({ handler }) => handler.close()));
  }

  /** Null where it is anything else. */
  private plain({ headers, name }: McpFrontAsk, parsed: unknown, session: Session | null): PlainCall | null {
    if (new Scope(name, this.hub.config).isCode || session?.isReady === false) return null;
    return plainCall(parsed, headers, session === null ? null : this.mcp.SUPPORTED_PROTOCOL_VERSIONS);
  }

  private async call(
    call: PlainCall,
    ask: McpFrontAsk,
    parsed: unknown,
    session: Session | null,
    asking: Asking,
  ): Promise<void> {
    const begun =
      session === null ? new BegunCall(this.desk(ask.name), asking, call) : session.begin(call, asking);
    if (begun === null) return this.answer(ask, parsed, session, asking);
    try {
      const result = await begun.soon();
      if (asking.pump.isGone) return;
      if (result === null) return await this.answer(ask, parsed, session, { ...asking, begun });
      const id = session === null ? [] : ['mcp-session-id', session.id];
      asking.pump.sendWhole(
        ['content-type', 'application/json', ...id],
        answerTo(call.id, result, session === null),
      );
    } finally {
      begun.done();
      session?.forgetBegun(call);
    }
  }

  /** By the library. */
  private async answer(
    ask: McpFrontAsk,
    parsed: unknown,
    session: Session | null,
    asking: Asking,
  ): Promise<void> {
    const { pump } = asking;
    const method = methodOf(parsed);
    if (ask.method === 'GET' || method === 'subscriptions/listen') this.standing.add(pump);
    // It may be about one that the library does not know yet.
    if (method === 'notifications/cancelled') await session?.known(requestIdIn(parsed));
    const response = await this.respond(
      ask,
      { request: requestOf(ask, parsed, pump), parsed },
      session,
      asking,
    );
    await pump.send(response, session === null || ask.method !== 'POST' ? 0 : session.waitFor(ask.headers));
  }

  /** The session that a request belongs to, or begins; null where it needs none. Throws NoSession. */
  private sessionOf({ headers, name, caller }: McpFrontAsk, parsed: unknown): Session | null {
    const id = headerOf(headers, 'mcp-session-id');
    if (id !== undefined) {
      const known = this.sessions.get(id);
      // Somebody else's is none.
      if (known === undefined || known.keyId !== caller.keyId || known.name !== name)
        throw new NoSession(404, -32_001, 'Session not found');
      return known;
    }
    if (methodOf(parsed) !== 'initialize') return null;
    const { max = 0 } = this.hub.config?.sessions ?? {};
    if (this.sessions.size >= max && !this.forgetOne(caller.keyId))
      throw new NoSession(503, -32_000, `There are already ${max} sessions (mcp.sessions.max)`);
    const begun = new Session(
      this.mcp,
      this.hub,
      { name, caller, node: this.nodes?.me ?? null, replay: this.replay },
      (session) => this.sessions.delete(session.id),
    );
    this.sessions.set(begun.id, begun);
    return begun;
  }

  private async respond(
    { name, headers }: McpFrontAsk,
    { request, parsed }: Asked,
    session: Session | null,
    asking: Asking,
  ): Promise<Response> {
    const body = parsed === undefined ? {} : { parsedBody: parsed };
    if (session !== null) {
      const response = await session.respond(request, body, asking);
      // One that was refused at its beginning is nobody's.
      if (!response.ok && headerOf(headers, 'mcp-session-id') === undefined) await session.close();
      return response;
    }
    if (await this.mcp.isLegacyRequest(request, parsed))
      throw new NoSession(400, -32_000, 'Bad Request: Mcp-Session-Id header is required');
    return this.modernAt(name).fetch(request, { ...body, authInfo: authOf(asking) });
  }

  private modernAt(name: string | null): McpHttpHandler {
    // Names are of the configuration, so these are few.
    const known = this.modern.get(name);
    if (known !== undefined) return known.handler;
    const bus = new this.mcp.InMemoryServerEventBus();
    const handler = this.mcp.createMcpHandler(() => makeServer(this.mcp, this.desk(name)), {
      legacy: 'reject',
      bus,
      keepAliveMs: KEEP_ALIVE_MS,
      maxSubscriptions: 10_000,
    });
    this.modern.set(name, { handler, bus });
    return handler;
  }

  private desk(name: string | null): Desk {
    const { hub } = this;
    return {
      scope: new Scope(name, hub.config),
      state: null,
      owner: () => '',
      with: () => () => {},
      link: (server, caller) => reach(hub, server, caller),
      code: codeDesk(hub),
    };
  }

  private changed(server: string, kind: ListKind): void {
    const what = kind === 'resourceTemplates' ? 'resources' : kind;
    for (const session of this.sessions.values()) session.changed(server, what);
    for (const [name, { bus }] of this.modern) {
      const scope = new Scope(name, this.hub.config);
      const concerned = what === 'tools' ? scope.toolServers([server]) : scope.otherServers([server]);
      if (concerned.length > 0) bus.publish({ kind: `${what}_list_changed` });
    }
  }

  /** Many clients leave without a word. Makes room by the session unused for longest, one of the same key if there is any. */
  private forgetOne(keyId: string): boolean {
    const unused = [...this.sessions.values()].filter(({ open }) => open === 0);
    const own = unused.filter((session) => session.keyId === keyId);
    const [first, ...others] = own.length > 0 ? own : unused;
    if (first === undefined) return false;
    const oldest = others.reduce((a, b) => (b.usedAt < a.usedAt ? b : a), first);
    this.sessions.delete(oldest.id);
    oldest.close().catch(() => {});
    return true;
  }

  private forgetUnused(): void {
    const { idleMs = 0 } = this.hub.config?.sessions ?? {};
    const before = performance.now() - idleMs;
    for (const session of this.sessions.values())
      if (session.open === 0 && session.usedAt < before) session.close().catch(() => {});
  }
}

interface Asked {
  readonly request: Request;
  /** The body; undefined where it is no JSON. */
  readonly parsed: unknown;
}

/** As the library wants it. */
function requestOf({ method, headers, body, name }: McpFrontAsk, parsed: unknown, pump: AnswerPump): Request {
  return new Request(`http://headgate/mcp${name === null ? '' : `/${name}`}`, {
    method,
    headers: pairs(headers),
    // A call is stopped where it is made; for it alone the signal is not worth what it costs.
    ...(methodOf(parsed) !== 'tools/call' && { signal: pump.signal }),
    // The library says what is wrong with one that is no JSON.
    ...(method === 'POST' && parsed === undefined && { body: body as Uint8Array<ArrayBuffer> }),
  });
}

function requestIdIn(parsed: unknown): unknown {
  const { params } = parsed as { params?: { requestId?: unknown } | null };
  return params?.requestId;
}

/** Undefined for what is no JSON. */
function parsedOf(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}

function methodOf(parsed: unknown): unknown {
  return typeof parsed === 'object' && parsed !== null && 'method' in parsed ? parsed.method : undefined;
}

function pairs(headers: HeaderList): [string, string][] {
  const list: [string, string][] = [];
  for (let i = 0; i < headers.length; i += 2) list.push([headers[i] as string, headers[i + 1] as string]);
  return list;
}
