import type { McpConfig, McpServerConfig } from '../../config/mcp-config.js';
import type { Behalf } from '../protocol.js';
import type { Credentials } from './auth/credentials.js';
import type { ClientFeatures } from './client-features.js';
import { type LinkParts, ServerLink } from './server-link.js';

/** Milliseconds between two lines of the log that say the same of a server. */
const SAY_AGAIN_MS = 60_000;

interface Own {
  readonly link: ServerLink;
  readonly server: string;
  /** The settings that it was made with. */
  readonly as: string;
  /** With whose credential; '' for that which all share. */
  readonly owner: string;
}

/** What a connection of a session is made with. */
export interface OwnParts extends Pick<Own, 'as'> {
  readonly behalf: Behalf | null;
  readonly config: McpServerConfig;
  readonly credentials: Credentials;
}

/** Connections to servers that belong to one session of a client each. */
export class OwnLinks {
  private readonly sessions = new Map<string, Map<string, Own>>();
  private readonly counts = new Map<string, number>();
  private readonly saidAt = new Map<string, number>();
  /** Since when a session has no request and no stream, by the monotonic clock; null while it has. Set by who keeps sessions. */
  unusedSince: (session: string) => number | null = () => null;

  constructor(private readonly parts: Omit<LinkParts, 'config' | 'credentials' | 'onChanged' | 'features'>) {}

  /** That of whoever asks. */
  find(session: string, server: string, behalf: Behalf | null): ServerLink | undefined {
    const own = this.sessions.get(session)?.get(server);
    if (own === undefined || own.owner !== (behalf?.owner ?? '')) return undefined;
    // A session may last longer than the token that its client began it with.
    if (behalf !== null) own.link.credentials.renew(behalf);
    return own.link;
  }

  /** Of a session. */
  *of(session: string): Iterable<[server: string, link: ServerLink]> {
    for (const [server, { link }] of this.sessions.get(session) ?? []) yield [server, link];
  }

  *all(): Iterable<ServerLink> {
    for (const owned of this.sessions.values()) for (const { link } of owned.values()) yield link;
  }

  /** The session's connection to the server, made if need be; null when the server has as many as it may. */
  open(
    session: string,
    { config, as, behalf, credentials }: OwnParts,
    features: ClientFeatures,
  ): ServerLink | null {
    const known = this.find(session, config.id, behalf);
    if (known !== undefined) return known;
    // An API asks nobody anything.
    if (config.transport.kind === 'openapi') return null;
    // The same client with another credential.
    const other = this.sessions.get(session)?.get(config.id);
    if (other !== undefined) this.close(session, other);
    if (this.countOf(config.id) >= config.ownConnections && !this.takeUnused(config.id)) {
      this.sayFull(config);
      return null;
    }
    this.counts.set(config.id, this.countOf(config.id) + 1);
    const link = new ServerLink({
      ...this.parts,
      config: { ...config, start: 'demand' },
      credentials,
      features,
      onChanged: (what) => features.changed(what),
    });
    let owned = this.sessions.get(session);
    if (owned === undefined) this.sessions.set(session, (owned = new Map()));
    owned.set(config.id, { link, server: config.id, as, owner: behalf?.owner ?? '' });
    return link;
  }

  /** Servers that are gone, or are others now, are left. */
  apply(config: McpConfig | null, packed: (config: McpServerConfig) => string): void {
    for (const [session, owned] of this.sessions)
      for (const own of [...owned.values()]) {
        const server = config?.servers.get(own.server);
        if (server === undefined || packed(server) !== own.as) this.close(session, own);
      }
  }

  /** A credential is not what it was. */
  dropOwner(server: string, owner: string): void {
    for (const [session, owned] of this.sessions) {
      const own = owned.get(server);
      if (own?.owner === owner) this.close(session, own);
    }
  }

  endSession(session: string): void {
    for (const own of [...(this.sessions.get(session)?.values() ?? [])]) this.close(session, own);
  }

  async closeAll(): Promise<void> {
    const all = [...this.sessions.values()].flatMap((owned) => [...owned.values()]);
    this.sessions.clear();
    await Promise.all(all.map(({ link }) => link.close()));
  }

  private countOf(server: string): number {
    return this.counts.get(server) ?? 0;
  }

  /** Many clients leave without a word: the one that was not heard of for longest loses its connection. */
  private takeUnused(server: string): boolean {
    let longest: { session: string; own: Own; since: number } | null = null;
    for (const [session, owned] of this.sessions) {
      const own = owned.get(server);
      const since = own === undefined ? null : this.unusedSince(session);
      if (own === undefined || since === null || since >= (longest?.since ?? Number.POSITIVE_INFINITY))
        continue;
      longest = { session, own, since };
    }
    if (longest === null) return false;
    this.close(longest.session, longest.own);
    return true;
  }

  private close(session: string, { link, server }: Own): void {
    const owned = this.sessions.get(session);
    owned?.delete(server);
    if (owned?.size === 0) this.sessions.delete(session);
    this.counts.set(server, this.countOf(server) - 1);
    link
      .close()
      .catch((error) =>
        this.parts.log('error', 'an MCP server cannot be stopped', { server, error: String(error) }),
      );
  }

  private sayFull({ id, ownConnections }: McpServerConfig): void {
    const now = Date.now();
    if (now - (this.saidAt.get(id) ?? 0) < SAY_AGAIN_MS) return;
    this.saidAt.set(id, now);
    this.parts.log(
      'warn',
      'an MCP server has as many connections of sessions as own_connections lets it have; further sessions share one and cannot be asked anything',
      { server: id, own_connections: ownConnections },
    );
  }
}
