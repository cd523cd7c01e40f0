import type { UsersConfig } from '../../config/mcp-auth-config.js';
import type { McpServerConfig } from '../../config/mcp-config.js';
import type { Behalf, HeldTool } from '../protocol.js';
import type { Credentials } from './auth/credentials.js';
import { type LinkParts, ServerLink, Unavailable } from './server-link.js';

interface Owned {
  readonly link: ServerLink;
  usedAt: number;
}

/** How often connections are looked at that nobody may be using. */
const LOOK_MS = 30_000;

/** Connections to one server with credentials of users: one for each of these, so many at a time, closed when it is not used. */
export class OwnerLinks {
  private readonly links = new Map<string, Owned>();
  private readonly looker: NodeJS.Timeout;

  constructor(
    private readonly config: McpServerConfig,
    private readonly users: UsersConfig,
    private readonly parts: Omit<LinkParts, 'config' | 'credentials' | 'features'>,
    private readonly make: (behalf: Behalf) => Credentials,
  ) {
    this.looker = setInterval(() => this.closeUnused(), Math.min(LOOK_MS, users.idleMs));
    this.looker.unref();
  }

  get size(): number {
    return this.links.size;
  }

  /** Tools that are held back from any of them, each once. */
  get held(): HeldTool[] {
    const all = this.all().flatMap(({ held }) => held);
    return [...new Map(all.map((one) => [`${one.now.name} ${one.now.fingerprint}`, one])).values()];
  }

  all(): ServerLink[] {
    return [...this.links.values()].map(({ link }) => link);
  }

  /** That of whoever asks, made if need be. Throws Unavailable when there are as many as there may be, and all are at work. */
  get(behalf: Behalf): ServerLink {
    const { owner } = behalf;
    let owned = this.links.get(owner);
    if (owned === undefined) {
      if (this.links.size >= this.users.connections) this.makeRoom();
      // Nobody is there yet whose it could be at the start.
      const config = { ...this.config, start: 'demand' as const };
      const link = new ServerLink({ ...this.parts, config, credentials: this.make(behalf) });
      owned = { link, usedAt: 0 };
    } else owned.link.credentials.renew(behalf);
    owned.usedAt = performance.now();
    // The one that was used last comes last.
    this.links.delete(owner);
    this.links.set(owner, owned);
    return owned.link;
  }

  /** What is known of its credential does not hold any longer. */
  drop(owner: string): void {
    const owned = this.links.get(owner);
    if (owned !== undefined) this.close(owner, owned);
  }

  forget(): void {
    for (const link of this.all()) link.forget();
  }

  async closeAll(): Promise<void> {
    clearInterval(this.looker);
    const all = this.all();
    this.links.clear();
    await Promise.all(all.map((link) => link.close()));
  }

  private makeRoom(): void {
    for (const [owner, owned] of this.links)
      if (owned.link.running === 0) {
        this.close(owner, owned);
        return;
      }
    const { connections } = this.users;
    throw new Unavailable(`all its ${connections} connections of users are at work (auth.connections)`, 1000);
  }

  private closeUnused(): void {
    const before = performance.now() - this.users.idleMs;
    for (const [owner, owned] of this.links)
      if (owned.link.running === 0 && owned.usedAt <= before) this.close(owner, owned);
  }

  private close(owner: string, { link }: Owned): void {
    this.links.delete(owner);
    const { log } = this.parts;
    link
      .close()
      .catch((error) =>
        log('error', 'an MCP server cannot be stopped', { server: this.config.id, error: String(error) }),
      );
  }
}
