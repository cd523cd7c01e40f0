import type { McpServerConfig } from '../../config/mcp-config.js';
import type { LogLine } from '../../plugin/logger.js';
import type { HeldTool, ItemList, ListKind, ServerState, ToolList } from '../protocol.js';
import { type Credentials, credentialErrorIn } from './auth/credentials.js';
import type { ClientFeatures } from './client-features.js';
import { type Connection, connect } from './connect.js';
import { whyOf } from './failure.js';
import { hiderFor, withoutSecrets } from './hidden-words.js';
import type { OrphanGuard } from './orphan-guard.js';
import type { Pins } from './pins.js';
import { ServerLists } from './server-lists.js';
import { ServerLog } from './server-log.js';

export interface LinkParts {
  readonly config: McpServerConfig;
  readonly log: LogLine;
  readonly guard: OrphanGuard;
  readonly pins: Pins;
  /** What requests over HTTP come with beside fixed headers. */
  readonly credentials: Credentials;
  /** What was known of a list no longer holds. */
  readonly onChanged: (kind: ListKind) => void;
  /** For one client alone; left out: for all. */
  readonly features?: ClientFeatures;
}

/** The server cannot be had now. */
export class Unavailable extends Error {
  constructor(
    why: string,
    readonly retryAfterMs: number,
  ) {
    super(why);
  }
}

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 60_000;
/** One that stood for so long has not failed at its start: the next pause is the first again. */
const STEADY_MS = 30_000;
const PING_TIMEOUT_MS = 10_000;

/**
 * One server: connected when it is first needed, asked now and then whether it is there, connected again after a pause that
 * grows when it fails.
 */
export class ServerLink {
  readonly hide: (text: string) => string;
  /** Calls that run. */
  running = 0;
  private state: ServerState['state'] = 'idle';
  private connecting: Promise<Connection> | null = null;
  private connection: Connection | null = null;
  private readonly lists: ServerLists;
  private readonly stopping = new AbortController();
  private why = '';
  private failures = 0;
  private retryAt = 0;
  private since = 0;
  private connects = 0;
  private usedAt = 0;
  private legacy = false;
  private closed = false;
  private pinger: NodeJS.Timeout | null = null;
  private starter: NodeJS.Timeout | null = null;
  private readonly said: ServerLog;

  constructor(private readonly parts: LinkParts) {
    const { config, credentials, log } = parts;
    const hide = hiderFor(config);
    this.hide = (text) => withoutSecrets(hide(text), credentials.secrets());
    this.said = new ServerLog(config.id, this.hide, log);
    this.lists = new ServerLists(parts);
    if (config.start === 'boot') this.startAgain(0);
  }

  get config(): McpServerConfig {
    return this.parts.config;
  }

  get credentials(): Credentials {
    return this.parts.credentials;
  }

  /** The connection, made if need be. Rejects with Unavailable. */
  connect(): Promise<Connection> {
    this.usedAt = performance.now();
    if (this.connection !== null) return Promise.resolve(this.connection);
    const { retryAt, why } = this;
    const pause = retryAt - Date.now();
    if (this.closed) return Promise.reject(new Unavailable('it was taken out of the configuration', 0));
    if (this.connecting === null && pause > 0) return Promise.reject(new Unavailable(why, pause));
    this.connecting ??= this.open().finally(() => {
      this.connecting = null;
    });
    return this.connecting;
  }

  isPinned(tool: string): boolean {
    const { tools } = this.config;
    return ((tools.get(tool) ?? tools.get('*'))?.pin ?? null) !== null;
  }

  /** Its tools, those that are held back left out. Rejects with Unavailable. */
  tools(): Promise<ToolList> {
    return this.listed(this.lists.toolsOf(() => this.connect()));
  }

  /** Those that are held back. */
  get held(): readonly HeldTool[] {
    return this.lists.held;
  }

  /** Something else that it lists. Rejects with Unavailable. */
  items(kind: Exclude<ListKind, 'tools'>): Promise<ItemList> {
    return this.listed(this.lists.itemsOf(kind, () => this.connect()));
  }

  /** What is known of its lists may not hold any longer. */
  forget(): void {
    this.lists.forget();
  }

  /** The connection is of no use any longer: the next who needs one gets another. */
  drop(connection: Connection, why: string): void {
    if (this.connection !== connection) return;
    this.lost(why);
    connection.client.close().catch(() => {});
  }

  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.starter ?? undefined);
    // One that is just being started is not waited for.
    this.stopping.abort();
    const open = this.connection ?? (await this.connecting?.catch(() => null)) ?? null;
    this.stopPinging();
    this.connection = null;
    await open?.client.close().catch(() => {});
  }

  describe(): ServerState {
    const { config, connection, state, retryAt } = this;
    const list = this.lists.lastTools;
    const client = connection?.client;
    const server = client?.getServerVersion();
    return {
      id: config.id,
      transport: config.transport.kind,
      state,
      why: state === 'failed' ? this.why : '',
      retryAt: state === 'failed' && retryAt > Date.now() ? retryAt : null,
      since: state === 'ready' ? this.since : null,
      name: server?.name ?? '',
      version: server?.version ?? '',
      protocol: client?.getNegotiatedProtocolVersion() ?? '',
      pid: connection?.transport.pid ?? null,
      tools: list === null ? null : list.tools.length,
      held: list?.held ?? [],
      running: this.running,
      restarts: Math.max(0, this.connects - 1),
      users: null,
      needs: null,
    };
  }

  private async open(): Promise<Connection> {
    const { config, guard, credentials, log } = this.parts;
    this.state = 'connecting';
    try {
      await credentials.ready();
      const opened = await this.negotiate(config, guard);
      if (this.closed) {
        await opened.client.close();
        throw new Error('it was taken out of the configuration');
      }
      this.connected(opened);
      log('info', 'an MCP server is ready', {
        server: config.id,
        protocol: opened.client.getNegotiatedProtocolVersion() ?? '',
      });
      return opened;
    } catch (error) {
      const missing = credentialErrorIn(error);
      if (missing !== null) {
        // The server has done nothing wrong.
        this.state = 'idle';
        throw missing;
      }
      const why = whyOf(error, this.hide);
      this.legacy = false;
      this.failed(why);
      throw new Unavailable(why, this.retryAt - Date.now());
    }
  }

  /** One that ends because it was asked for a newer revision is asked again as one that knows none. */
  private async negotiate(config: McpServerConfig, guard: OrphanGuard): Promise<Connection> {
    const { features, credentials } = this.parts;
    const onChanged = (kind: 'tools' | 'prompts' | 'resources'): void => {
      this.lists.forget(kind);
      if (kind === 'resources') this.lists.forget('resourceTemplates');
    };
    const own = features === undefined ? {} : { features };
    const parts = {
      config,
      guard,
      credentials,
      log: this.said,
      onChanged,
      signal: this.stopping.signal,
      ...own,
    };
    try {
      return await connect({ ...parts, legacy: this.legacy });
    } catch (error) {
      if (this.legacy || config.transport.kind !== 'stdio' || !isEnd(error)) throw error;
      this.legacy = true;
      return connect({ ...parts, legacy: true });
    }
  }

  private connected(opened: Connection): void {
    const { client, transport } = opened;
    this.connects++;
    // What it does not know it need not be asked again, until it fails to start: it may be a newer one then.
    this.legacy = client.getProtocolEra() === 'legacy';
    this.connection = opened;
    this.state = 'ready';
    this.since = Date.now();
    this.forget();
    client.onclose = () => {
      if (this.connection === opened) this.lost(this.hide(transport.why) || 'the connection was closed');
    };
    client.onerror = () => {};
    this.parts.features?.connected(client);
    const { pingMs, idleMs } = this.config.timeouts;
    this.pinger = setInterval(() => this.look(opened), Math.min(pingMs, idleMs ?? pingMs));
    this.pinger.unref();
  }

  /** What becomes of a server that is not used: after a while it is asked whether it is there, later it is stopped. */
  private look(opened: Connection): void {
    if (this.running > 0) return;
    const { pingMs, idleMs } = this.config.timeouts;
    const unused = performance.now() - this.usedAt;
    if (idleMs !== null && unused >= idleMs && this.config.start === 'demand') {
      this.stopPinging();
      this.connection = null;
      this.state = 'idle';
      opened.client.close().catch(() => {});
    } else if (unused >= pingMs * 0.9) {
      const { client } = opened;
      const options = { timeout: PING_TIMEOUT_MS };
      // The newer revisions have no ping; what they offer is asked for instead.
      const asked = client.getProtocolEra() === 'modern' ? client.discover(options) : client.ping(options);
      asked.catch((error) => {
        // One that says it knows no such method is there.
        if (typeof (error as { code?: unknown }).code !== 'number')
          this.drop(
            opened,
            `it did not answer when it was asked whether it is there: ${whyOf(error, this.hide)}`,
          );
      });
    }
  }

  private lost(why: string): void {
    this.stopPinging();
    this.connection = null;
    if (this.closed) return;
    if (Date.now() - this.since > STEADY_MS) this.failures = 0;
    this.failed(why);
    this.forget();
  }

  private failed(why: string): void {
    const { config, log } = this.parts;
    this.state = 'failed';
    this.why = why;
    // The first time at once: it may have been restarted.
    const pause =
      this.failures === 0 ? 0 : Math.min(FIRST_PAUSE_MS * 2 ** (this.failures - 1), LONGEST_PAUSE_MS);
    this.failures++;
    this.retryAt = Date.now() + pause;
    log('warn', 'an MCP server failed', { server: config.id, why, retry_after_ms: pause });
    if (config.start === 'boot' && !this.closed) this.startAgain(Math.max(pause, 10));
  }

  private startAgain(pause: number): void {
    clearTimeout(this.starter ?? undefined);
    this.starter = setTimeout(() => {
      this.connect().then(
        () => this.tools().catch(() => {}),
        () => {},
      );
    }, pause);
    this.starter.unref();
  }

  private async listed<T>(list: Promise<T>): Promise<T> {
    try {
      const found = await list;
      if (Date.now() - this.since > STEADY_MS) this.failures = 0;
      return found;
    } catch (error) {
      const missing = credentialErrorIn(error);
      if (missing !== null || error instanceof Unavailable) throw missing ?? error;
      throw new Unavailable(`what it offers cannot be listed: ${whyOf(error, this.hide)}`, FIRST_PAUSE_MS);
    }
  }

  private stopPinging(): void {
    clearInterval(this.pinger ?? undefined);
    this.pinger = null;
  }
}

function isEnd(error: unknown): boolean {
  return error instanceof Error && 'isEnd' in error;
}
