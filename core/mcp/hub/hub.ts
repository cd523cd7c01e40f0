import { join } from 'node:path';
import { type OauthUsersConfig, usersOf } from '../../config/mcp-auth-config.js';
import { addressOfServer, type McpConfig, type McpServerConfig } from '../../config/mcp-config.js';
import { packed } from '../../config/transfer.js';
import type { LogLine } from '../../plugin/logger.js';
import type { RunProgram } from '../code/program.js';
import type { Behalf, ListKind, McpAsk, McpNotice, McpRefusal, McpReply, ServerState } from '../protocol.js';
import type { CallOptions } from './at-server.js';
import { credentialErrorIn } from './auth/credentials.js';
import { type Grant, isGrantFor } from './auth/grant.js';
import { type AuthParts, CredentialMaker } from './auth/make-credentials.js';
import { revoke } from './auth/revoke.js';
import type { PlainFetch } from './auth/signed-fetch.js';
import { callTool } from './call-tool.js';
import type { ClientFeatures } from './client-features.js';
import { Guests } from './guests.js';
import { OrphanGuard } from './orphan-guard.js';
import { OwnLinks } from './own-links.js';
import { OwnerLinks } from './owner-links.js';
import { passRequest } from './pass-request.js';
import { type AcceptedTools, Pins } from './pins.js';
import { ServerLink, Unavailable } from './server-link.js';

export interface HubParts {
  readonly dataDir: string;
  readonly log: LogLine;
  /** To all threads. */
  readonly tell: (notice: McpNotice) => void;
  readonly auth: AuthParts;
}

/** One whose users sign in at its authorization server, and how that is reached. */
export interface SignInServer {
  readonly config: McpServerConfig & { readonly auth: OauthUsersConfig };
  readonly fetch: PlainFetch;
}

/** How a server is reached. */
interface Reached {
  /** The settings that it was made with. */
  readonly as: string;
  /** What all share, or what stands for the server where each user has another credential. */
  readonly link: ServerLink;
  /** Null where all share one. */
  readonly users: OwnerLinks | null;
}

/** The servers of the configuration, in the main thread: all threads share their connections. */
export class McpHub {
  private links = new Map<string, Reached>();
  private readonly calls = new Map<string, AbortController>();
  private readonly guard = new OrphanGuard();
  private readonly pins: Pins;
  private closed = false;
  private readonly credentials: CredentialMaker;
  /** Connections of single sessions. */
  readonly own: OwnLinks;
  /** Servers of single requests. */
  private readonly guests: Guests;
  private readonly watchers = new Set<(server: string, what: ListKind) => void>();

  constructor(private readonly parts: HubParts) {
    this.pins = new Pins(join(parts.dataDir, 'mcp-pins.json'));
    this.credentials = new CredentialMaker(parts.auth);
    this.guests = new Guests({ log: parts.log, guard: this.guard, pins: this.pins });
    this.own = new OwnLinks({ log: parts.log, guard: this.guard, pins: this.pins });
  }

  /** Servers that are as they were stay connected; the others are stopped, or started anew. */
  apply(config: McpConfig | null): void {
    if (this.closed) return;
    const links: typeof this.links = new Map();
    this.pins.reread();
    const { log, tell } = this.parts;
    for (const [id, server] of config?.servers ?? []) {
      const as = packed(server);
      const known = this.links.get(id);
      if (known?.as === as) {
        links.set(id, known);
        known.link.forget();
        known.users?.forget();
      } else {
        const onChanged = (what: ListKind): void => this.changed(id, what);
        const { guard, pins } = this;
        const parts = { log, guard, pins, onChanged };
        const make = (behalf: Behalf | null) => this.credentials.make(server, behalf);
        const users = usersOf(server.auth);
        links.set(id, {
          as,
          link: new ServerLink({ ...parts, config: server, credentials: make(null) }),
          users: users === null ? null : new OwnerLinks(server, users, parts, make),
        });
      }
    }
    for (const [id, before] of this.links) {
      if (links.get(id) === before) continue;
      Promise.all([before.link.close(), before.users?.closeAll()]).catch((error) =>
        log('error', 'an MCP server cannot be stopped', { error: String(error) }),
      );
      tell({ about: 'changed', server: id, what: 'tools' });
    }
    this.own.apply(config, packed);
    this.links = links;
    this.config = config;
  }

  /** Somebody has accepted tools as they are now. */
  accept(accepted: AcceptedTools): void {
    this.pins.accepted = accepted;
    const all = [...this.links.values()].flatMap(({ link, users }) => [link, ...(users?.all() ?? [])]);
    for (const link of [...all, ...this.own.all()]) if (link.held.length > 0) link.forget();
  }

  /** Set by who has the sandbox. */
  runProgram: RunProgram = () => Promise.reject(new Error('no programs are run here'));

  /** What is in force. */
  config: McpConfig | null = null;

  /**
   * The connection to a server that all share, or that of whoever asks. Throws Unavailable when there can be none more.
   *
   * @param behalf null where all come with the same credential
   */
  reach(server: string, behalf: Behalf | null): ServerLink | undefined {
    const guest = this.guests.find(server);
    if (guest !== undefined) return guest;
    const known = this.links.get(server);
    return behalf === null || known === undefined || known.users === null
      ? known?.link
      : known.users.get(behalf);
  }

  /** A connection for one session alone; null when there can be none. */
  openOwn(
    session: string,
    server: string,
    behalf: Behalf | null,
    features: ClientFeatures,
  ): ServerLink | null {
    const known = this.links.get(server);
    const link = this.reach(server, behalf);
    if (known === undefined || link === undefined) return null;
    const { config } = known.link;
    const { credentials } = link;
    return this.own.open(session, { config, as: known.as, credentials, behalf }, features);
  }

  signInServer(id: string): SignInServer | null {
    const config = this.config?.servers.get(id);
    if (config === undefined || config.auth.kind !== 'oauth') return null;
    return { config: { ...config, auth: config.auth }, fetch: this.credentials.fetchFor(config) };
  }

  async revoke(server: string, owner: string): Promise<void> {
    const found = this.signInServer(server);
    if (found === null) return;
    try {
      const kept = await this.parts.auth.vault.read({ server, owner, what: 'grant' });
      const grant = kept === null ? null : (kept.value as Grant);
      const { config, fetch } = found;
      if (grant !== null && isGrantFor(grant, addressOfServer(config), config.auth))
        await revoke(config.auth, grant, fetch);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.parts.log('warn', 'the authorization server of an MCP server was not told that a grant is over', {
        server,
        owner,
        why,
      });
    }
  }

  /** A credential is not what it was: connections that came with it are closed. `only` null: at all servers. */
  dropOwner(only: string | null, owner: string): void {
    for (const [server, { users }] of this.links) {
      if (users === null || (only !== null && server !== only)) continue;
      users.drop(owner);
      this.own.dropOwner(server, owner);
      this.changed(server, 'tools');
    }
  }

  /** Is called when lists of a server are not what they were. */
  watch(tell: (server: string, what: ListKind) => void): () => void {
    this.watchers.add(tell);
    return () => this.watchers.delete(tell);
  }

  async ask(ask: McpAsk): Promise<McpReply> {
    switch (ask.do) {
      case 'states':
        return {
          states: await Promise.all([...this.links].map(([id, one]) => stateOf(one, ask.behalf[id]))),
        };
      case 'held':
        return {
          held: [...this.links.values()].flatMap(({ link, users }) => [...link.held, ...(users?.held ?? [])]),
        };
      case 'begin':
        return this.begin(ask);
      case 'end':
        this.guests.end(ask.server);
        return { done: true };
      case 'cancel':
        this.calls.get(ask.call)?.abort();
        return { done: true };
      case 'tools':
        return this.listed(ask, async (link) => ({ tools: await link.tools() }));
      case 'list':
        return this.listed(ask, async (link) => ({ list: await link.items(ask.what) }));
      case 'call':
        return this.run(ask, (link, options) => callTool(link, ask, options));
      case 'request':
        return this.run(ask, (link, options) => passRequest(link, ask, options));
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    for (const call of this.calls.values()) call.abort();
    const all = [...this.links.values()].flatMap(({ link, users }) => [link.close(), users?.closeAll()]);
    await Promise.all([...all, this.own.closeAll(), this.guests.endAll()]);
    await this.credentials.close();
    this.links.clear();
    this.guard.close();
  }

  private begin({ server, guest }: Extract<McpAsk, { do: 'begin' }>): McpReply {
    try {
      this.guests.begin(server, guest);
      return { done: true };
    } catch (error) {
      return { refused: unavailable(guest.place, error) };
    }
  }

  private changed(server: string, what: ListKind): void {
    this.parts.tell({ about: 'changed', server, what });
    for (const tell of this.watchers) tell(server, what);
  }

  private async listed(
    { server, behalf }: Extract<McpAsk, { do: 'tools' | 'list' }>,
    list: (link: ServerLink) => Promise<McpReply>,
  ): Promise<McpReply> {
    try {
      const link = this.reach(server, behalf);
      return link === undefined ? unknown(server) : await list(link);
    } catch (error) {
      return { refused: unavailable(server, error) };
    }
  }

  /** Something that takes its time and can be cancelled. */
  private async run(
    ask: Extract<McpAsk, { do: 'call' | 'request' }>,
    work: (link: ServerLink, options: CallOptions) => Promise<McpReply>,
  ): Promise<McpReply> {
    const { server, behalf } = ask;
    const own =
      ask.do === 'request' || ask.session === '' ? undefined : this.own.find(ask.session, server, behalf);
    const aborted = new AbortController();
    this.calls.set(ask.call, aborted);
    const { tell } = this.parts;
    const { call } = ask;
    try {
      const link = own ?? this.reach(server, behalf);
      if (link === undefined) return unknown(server);
      const onProgress = ask.progress
        ? {
            onProgress: (progress: Extract<McpNotice, { about: 'progress' }>['progress']) =>
              tell({ about: 'progress', call, progress }),
          }
        : {};
      return await work(link, { signal: aborted.signal, ...onProgress });
    } catch (error) {
      return { refused: unavailable(ask.server, error) };
    } finally {
      this.calls.delete(call);
    }
  }
}

function unknown(server: string): McpReply {
  return { refused: { code: 'mcp_server_unknown', details: { server }, sent: false } };
}

/** Of one with credentials of users, how the caller's own connection is. */
async function stateOf({ link, users }: Reached, behalf: Behalf | undefined): Promise<ServerState> {
  if (users === null) return link.describe();
  if (behalf === undefined) return { ...link.describe(), users: users.size };
  try {
    const own = users.get(behalf);
    const needs = await own.credentials.ready().then(
      () => null,
      (error) => credentialErrorIn(error)?.refusal ?? null,
    );
    return { ...own.describe(), users: users.size, needs };
  } catch (error) {
    if (error instanceof Unavailable) return { ...link.describe(), users: users.size };
    throw error;
  }
}

function unavailable(server: string, error: unknown): McpRefusal {
  const missing = credentialErrorIn(error);
  if (missing !== null) return missing.refusal;
  const why = error instanceof Error ? error.message : String(error);
  const pause =
    error instanceof Unavailable && error.retryAfterMs > 0 ? { retryAfterMs: error.retryAfterMs } : {};
  return { code: 'mcp_server_unavailable', details: { server, why }, sent: false, ...pause };
}
