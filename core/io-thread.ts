import type { SettledRecord } from '@headgate/sdk';
import type { PriceTable } from './catalog/prices/price-table.js';
import type { Config } from './config/config.js';
import type { Control } from './control.js';
import { Exchange, type Incoming } from './exchange.js';
import { beginForward } from './forward/begin.js';
import type { ForwardPath } from './forward/forward-path.js';
import { ObjectBook } from './forward/object-book.js';
import { type IdentityDelta, StoredKeys } from './identity/stored-keys.js';
import { Background } from './kept/background.js';
import { forwardedFor } from './mcp/forwarded.js';
import type { McpNotice } from './mcp/protocol.js';
import type { ToolCatalog } from './mcp/tool-catalog.js';
import type { TakenBodies } from './observe/bodies/body-settings.js';
import { proceed, type Stage, stages } from './pipeline.js';
import type { PluginSource } from './plugin/load.js';
import type { PluginLogger } from './plugin/logger.js';
import { type Equipment, PluginSet } from './plugin/plugin-set.js';
import { SocketCounts } from './realtime/socket-counts.js';
import { SocketEndpoints } from './realtime/socket-endpoints.js';
import { holdEnd, OPEN_GATE, type RecordGate } from './relay/durable-sink.js';
import { RequestIds } from './request-ids.js';
import type { Endpoint } from './route/endpoint.js';
import { EndpointTable } from './route/endpoint-table.js';
import { editedFields } from './route/field-edits.js';
import { compileRuntime, type Identity, type Runtime } from './runtime.js';
import { settle } from './stages/settle.js';
import { UnpricedModels } from './unpriced.js';
import { Deadlines } from './upstream/deadlines.js';
import { Transports } from './upstream/transports.js';

export interface IoThreadParts {
  readonly source: PluginSource;
  readonly control: Control;
  readonly counters: SharedArrayBuffer;
  readonly prices: PriceTable;
  /** What virtual keys are hashed under. */
  readonly keySecret: string;
  readonly log: PluginLogger;
  /** Where settled records go. */
  readonly record: (record: SettledRecord) => void;
  /** Where requests and answers go that are kept; what is given makes them, later. */
  readonly keepBodies?: (make: () => TakenBodies) => void;
  /** Left out: answers wait for no record. */
  readonly gate?: RecordGate;
  /** Counts of plugins. */
  readonly count: (name: string, by: number, labels: Record<string, string>) => void;
}

/** How long a drain waits between looks at whether requests are still running. */
const DRAIN_POLL_MS = 10;
/** How long what was told to end may take for its last words: runs tell servers of tools, and write what they came to. */
const LAST_WORDS_MS = 1_000;

/** Everything one I/O thread has: its runtime, pools, deadlines, plugins, and the requests in flight. */
export class IoThread {
  readonly ids = new RequestIds();
  readonly deadlines = new Deadlines();
  readonly random: () => number = Math.random;
  readonly log: PluginLogger;
  readonly record: (record: SettledRecord) => void;
  readonly keepBodies: (make: () => TakenBodies) => void;
  readonly gate: RecordGate;
  readonly control: Control;
  inFlight = 0;
  /** WebSockets among them: a drain does not expect these to end by themselves. */
  openSessions = 0;
  draining = false;
  private hurried = false;
  private current: Runtime | null = null;
  private prepared: { runtime: Runtime; equipment: Equipment } | null = null;
  /** Whose files, batches and the like are. */
  readonly objects: ObjectBook;
  /** Client API paths that carry model requests. */
  readonly endpoints = new EndpointTable();
  /** Client API paths at which a WebSocket is spoken. */
  readonly socketEndpoints = new SocketEndpoints();
  /** WebSockets open for each virtual key that has a limit on them. */
  readonly socketCounts: SocketCounts;
  readonly unpriced = new UnpricedModels();
  /** What runs on without its client. */
  readonly background = new Background();
  private readonly transports = new Transports();
  private readonly plugins: PluginSet;
  private readonly prices: PriceTable;
  private readonly keySecret: string;
  private catalog: Promise<ToolCatalog> | null = null;
  /** Keys of the store. */
  readonly stored = new StoredKeys();

  constructor(parts: IoThreadParts) {
    this.log = parts.log;
    this.record = parts.record;
    this.keepBodies = parts.keepBodies ?? (() => {});
    this.gate = parts.gate ?? OPEN_GATE;
    this.control = parts.control;
    this.objects = new ObjectBook(parts.control, (error) =>
      parts.log.warn('the owners of objects cannot be looked up', { error: String(error) }),
    );
    this.prices = parts.prices;
    this.keySecret = parts.keySecret;
    this.socketCounts = new SocketCounts(parts.control, parts.counters);
    this.plugins = new PluginSet(parts.source, parts);
  }

  get runtime(): Runtime {
    if (this.current === null) throw new Error('no configuration has been applied yet');
    return this.current;
  }

  /** In use; null before the first has been applied. */
  get configured(): Runtime | null {
    return this.current;
  }

  /** First half of a reload: everything that can fail. The running configuration is not touched. */
  async prepare(config: Config): Promise<void> {
    const equipment = await this.plugins.equip(config);
    const identity: Identity = {
      secret: this.keySecret,
      stored: this.stored,
      keysOf: (issuer, kid, have) => this.control.signingKeys(issuer, kid, have),
    };
    const { prices, transports, current } = this;
    const runtime = compileRuntime(config, equipment, prices, transports, identity, current);
    // Of all rows, since a later configuration may use others than this one.
    const rows = [...equipment.rows.inputs()];
    this.endpoints.add(equipment.formats, (format) => rows.flatMap((row) => editedFields(row, format)));
    this.socketEndpoints.add(equipment.formats);
    this.prepared = { runtime, equipment };
  }

  /** Second half: the new configuration is in use for every request from now on. */
  commit(): void {
    if (this.prepared === null) return;
    const { runtime, equipment } = this.prepared;
    this.prepared = null;
    this.current = runtime;
    this.deadlines.review(null);
    equipment.retire().catch((error) => this.log.error('a plugin failed to close', { error: String(error) }));
  }

  /** Keys of the store were changed: from now on this is in force, also for what runs. */
  update(delta: IdentityDelta): void {
    this.deadlines.review(this.stored.apply(delta));
  }

  /** Tools of servers, as this thread knows them; loaded by the first who needs them. */
  tools(): Promise<ToolCatalog> {
    this.catalog ??= import('./mcp/tool-catalog.js').then((loaded) => new loaded.ToolCatalog(this));
    return this.catalog;
  }

  /** What another node that has passed the request on says of its client; null when none has. */
  forwardedFor(request: Pick<Incoming, 'method' | 'path' | 'headers'>): ReturnType<typeof forwardedFor> {
    return forwardedFor(this.keySecret, request, Date.now());
  }

  /** The main thread says something about them. */
  hearMcp(notice: McpNotice): void {
    this.catalog?.then((catalog) => catalog.hear(notice));
  }

  /** Stage 1 has copied what it needs: runs a request. Returns what to call when the client leaves. */
  begin(endpoint: Endpoint, incoming: Incoming, list: readonly Stage[] = stages): Exchange {
    const x = new Exchange(this, endpoint, incoming);
    this.inFlight++;
    if (this.gate.holds) holdEnd(x);
    proceed(x, list);
    return x;
  }

  /** The same for a request that is only forwarded. */
  forward(path: ForwardPath, incoming: Incoming): Exchange {
    return beginForward(this, path, incoming);
  }

  /** The client has left: whatever runs for it is stopped. */
  abandoned(x: Exchange): void {
    if (x.settled) return;
    if (x.conversation?.detached === true) {
      x.conversation.sink?.leave();
      return;
    }
    x.clientGone = true;
    x.attempt?.stop();
    settle(x);
  }

  /**
   * Takes no new requests and waits for the running ones; those still asking a provider then get an error, and sessions
   * are told that the gateway goes away. True when all requests ended in time.
   */
  async drain(timeoutMs: number): Promise<boolean> {
    this.draining = true;
    const until = performance.now() + timeoutMs;
    while (this.inFlight > 0 && performance.now() < until && !this.hurried) {
      await new Promise((resolve) => setTimeout(resolve, DRAIN_POLL_MS));
    }
    if (this.inFlight === 0) return true;
    const inTime = this.inFlight === this.openSessions;
    this.deadlines.cutOff('gateway_stopping');
    // What was written leaves at the end of the tick, before anybody closes the connections.
    await new Promise((resolve) => setImmediate(resolve));
    const last = performance.now() + LAST_WORDS_MS;
    while (this.inFlight > this.openSessions && performance.now() < last) {
      await new Promise((resolve) => setTimeout(resolve, DRAIN_POLL_MS));
    }
    return inTime;
  }

  /** A drain waits no longer, now or when it begins. */
  hurry(): void {
    this.hurried = true;
  }

  async close(): Promise<void> {
    this.draining = true;
    this.deadlines.close();
    await this.transports.close();
    await this.plugins.close();
  }
}
