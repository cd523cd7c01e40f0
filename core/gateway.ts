import { AdminApi } from './admin/admin-api.js';
import { makesToken, OwnToken } from './admin/admin-token.js';
import type { PoolState } from './admin/gather-facts.js';
import { Governance } from './admin/governance.js';
import { serverSecret } from './admin/kept-secret.js';
import { signInPath } from './admin/mcp-ticket.js';
import { McpVault } from './admin/mcp-vault.js';
import { Refusals } from './admin/refusals.js';
import { checkPort } from './check-port.js';
import type { Cluster } from './cluster/cluster.js';
import { clusterOf, newLife } from './cluster/open-cluster.js';
import type { Config } from './config/config.js';
import { formatProblems } from './config/problem.js';
import { secretsOf } from './config/secrets-of.js';
import { type ConfigWatcher, watchConfig } from './config/watch.js';
import { ControlPlane } from './control-plane.js';
import { type HealthAnswer, healthAnswer } from './health-parts.js';
import type { FetchServer } from './http/fetch.js';
import type { IdentityDelta } from './identity/stored-keys.js';
import { WatchedRules } from './identity/watched-rules.js';
import { ledgerOptions } from './ledger-options.js';
import { LiveConfig } from './live-config.js';
import type { RunProgram } from './mcp/code/program.js';
import type { AcceptedTools } from './mcp/hub/pins.js';
import { McpService } from './mcp/mcp-service.js';
import { needRestart } from './need-restart.js';
import { FactsFeed, factsOf } from './observe/facts-feed.js';
import type { SetLevel } from './observe/log-levels.js';
import { PluginMetrics } from './observe/plugin-metrics.js';
import { ProcessMetrics } from './observe/process-metrics.js';
import { watchThread } from './observe/thread-watch.js';
import { observeSettings } from './observe-settings.js';
import { builtInSigner } from './plugin/built-in-signer.js';
import type { PluginSource } from './plugin/load.js';
import type { LayeredConfig } from './plugin/load-config.js';
import { type LogLine, logOf } from './plugin/logger.js';
import type { WordChange } from './replay/protocol.js';
import { ledgerSinks } from './sinks/ledger-sinks.js';
import { StartError } from './start-error.js';
import { createCounterMemory } from './state/counter-memory.js';
import { type Ledger, startLedger } from './store/ledger.js';
import { IoGroup } from './threads/io-group.js';

export interface GatewayParts {
  /** Loads the configuration; called again for every reload. Throws ConfigError. */
  readonly load: () => Promise<LayeredConfig>;
  readonly loaded: LayeredConfig;
  readonly source: PluginSource;
  /** What an I/O thread is started from; null: all requests run in the thread that makes the gateway. */
  readonly threadEntry: URL | null;
  readonly countTokens: (model: string, text: string) => Promise<number>;
  /** What two texts have in common. */
  readonly diffWords: (before: string, after: string) => Promise<readonly WordChange[]>;
  /** Runs programs that models write. */
  readonly runProgram: RunProgram;
  /** Of this program. */
  readonly version: string;
  /** How the pool for CPU work fares. */
  readonly pool?: () => PoolState;
  /** A program of its own, whose first start makes an admin token where none is set. */
  readonly makesToken?: boolean;
  /** Something that ends the gateway from inside; the reason is for people. */
  readonly onFatal: (why: string) => void;
}

/**
 * Starts a gateway that has no port yet. Rejects with a StartError, or a ConfigError about a plugin, and leaves nothing
 * behind then.
 */
export async function createGateway(parts: GatewayParts): Promise<RunningGateway> {
  const { config } = parts.loaded;
  const life = config.cluster === null ? undefined : newLife(config);
  const ledger = await startLedger(ledgerOptions(parts, life)).catch(asStartError);
  const metrics = new PluginMetrics();
  const rules = new WatchedRules();
  watchThread();
  let running: RunningGateway | null = null;
  const keySecret = serverSecret(config);
  const log: LogLine = (level, message, fields) => ledger.log(level, message, fields);
  const live = new LiveConfig(
    parts.loaded,
    {
      prepare: (next) => io.prepare(next),
      async commit(next) {
        await io.commit();
        await mcp.apply(next.mcp);
        ledger.knowSecrets(secretsOf(next));
        ledger.observe(observeSettings(next));
        ledger.useSinks(ledgerSinks(next, parts.source));
        feed.wanted(next.alerts !== null || next.observability.otlp.some((one) => one.metrics));
      },
    },
    log,
  );
  const own =
    parts.makesToken === true && makesToken(config)
      ? OwnToken.open(config.dataDir)
      : { token: OwnToken.none(), made: null };
  const counters = createCounterMemory();
  const cluster = await clusterOf(config, life, ledger, counters, logOf('cluster', log)).catch(
    async (error) => {
      await ledger.close();
      return asStartError(error);
    },
  );
  const governing = {
    live,
    config: () => live.config,
    secret: keySecret,
    push: (delta: IdentityDelta) => {
      rules.take(delta);
      return io.update(delta);
    },
    onRules: async () => {
      // It is tried again soon.
      if (running === null) throw new Error('the gateway is starting');
      await running.countStored();
    },
    log: logOf('store', log),
    onChanged: () => cluster?.changed(),
    onAccepted: (accepted: AcceptedTools) => mcp.accept(accepted),
    onLogLevels: (levels: readonly SetLevel[]) => ledger.setLogLevels(levels),
    onCredential: (server: string | null, owner: string) => mcp.credentialChanged(server, owner),
  };
  const governance = new Governance(governing);
  const vault = new McpVault(governance, governing.config);
  const mcp = new McpService(
    {
      dataDir: config.dataDir,
      log: logOf('mcp', log),
      tell: (notice) => io.hearMcp(notice),
      auth: {
        vault,
        signInPath: (server, owner, scope) => signInPath(keySecret, server, owner, scope),
        fetchRules: () => live.config.server.fetchAllow,
        signer: (id) => builtInSigner(parts.source, id),
      },
    },
    cluster === null
      ? null
      : { me: cluster.run, addressOf: (run) => cluster.addressOf(run), secret: keySecret },
    parts.runProgram,
  );
  const facts = factsOf({
    metrics,
    process: new ProcessMetrics(),
    mcp,
    cluster,
    rules,
    rotations: governance.rotations,
    ...(parts.pool !== undefined && { pool: parts.pool }),
    config: () => live.config,
  });
  const health = async (): Promise<HealthAnswer> =>
    healthAnswer({
      notReady: running === null ? ['it is starting'] : running.closing ? ['it is stopping'] : [],
      ledger: ledger.health(),
      cluster,
      notes: live.notes,
      mcp: await mcp.states(),
    });
  const feed = new FactsFeed(facts, (told) => ledger.tellFacts(told));
  const control = new ControlPlane({
    ledger,
    admin: new AdminApi({
      governance,
      ledger,
      facts,
      mcp,
      vault,
      live,
      cluster,
      config: governing.config,
      log: logOf('admin', log),
      secret: keySecret,
      ownToken: own.token,
      refusals: new Refusals(governance, logOf('admin', log)),
      replays: {
        run: (ask) => io.runAs(ask),
        texts: (asks) => io.answerTexts(asks),
        diff: parts.diffWords,
      },
      health,
      version: parts.version,
      needRestart: () => needRestart(config, live.config),
    }),
    config: governing.config,
    log,
    cluster,
    countTokens: parts.countTokens,
    health,
    stopRunning: (id) => io.stopRunning(id),
    mcp,
  });
  const io: IoGroup = await IoGroup.start(config.server.threads, {
    source: parts.source,
    threadEntry: parts.threadEntry,
    control,
    counters,
    keySecret,
    connect: () => ledger.connect(),
    log: logOf('io', log),
    count: (name, by, labels) => metrics.count(name, by, labels),
    onFailed: parts.onFatal,
  });
  if (cluster !== null)
    cluster.onChanged = () => void governance.refresh(() => ledger.governed()).catch(() => {});
  try {
    if (await ledger.governed()) await governance.open().catch(asStartError);
    await live.use({ storedRules: await governance.hasRules() });
    await live.start();
  } catch (error) {
    feed.close();
    await mcp.close();
    await governance.close();
    await io.close();
    await cluster?.close();
    await ledger.close();
    throw error;
  }
  const inProcess = io.local === null ? null : new (await import('./http/fetch.js')).FetchServer(io.local);
  running = new RunningGateway(parts, live, ledger, io, inProcess, governance, own, mcp, cluster, feed);
  const { threads } = config.server;
  if (parts.threadEntry === null && threads !== 'auto' && threads > 1)
    ledger.log('warn', 'server.threads counts for the program alone: requests run in the thread that asks', {
      threads,
    });
  return running;
}

function asStartError(error: unknown): never {
  throw new StartError(error instanceof Error ? error.message : String(error));
}

/** The main thread's parts and its I/O threads, with or without a port. */
export class RunningGateway {
  private readonly watcher: ConfigWatcher;
  private listening: Promise<string> | null = null;
  private closed: Promise<boolean> | null = null;

  constructor(
    parts: GatewayParts,
    private readonly live: LiveConfig,
    private readonly ledger: Ledger,
    private readonly io: IoGroup,
    private readonly inProcess: FetchServer | null,
    private readonly governance: Governance,
    private readonly own: { readonly token: OwnToken; readonly made: string | null },
    private readonly mcp: McpService,
    private readonly cluster: Cluster | null,
    private readonly feed: FactsFeed,
  ) {
    this.watcher = this.watch(parts);
  }

  /** In use. */
  get config(): Config {
    return this.live.config;
  }

  /** I/O threads; 1 is the thread that made the gateway. */
  get threads(): number {
    return this.io.size;
  }

  /** The admin token, if this start has made it: to be told once. */
  get madeToken(): string | null {
    return this.own.made;
  }

  get closing(): boolean {
    return this.closed !== null;
  }

  /** Serves a request of this process without a socket; see FetchServer. Bound, so that it can be handed to SDKs. */
  readonly fetch: typeof globalThis.fetch = (input, init) =>
    this.inProcess?.fetch(input, init) ??
    Promise.reject(new Error('requests run in other threads; fetch needs server.threads: 1'));

  /** Opens the port of the configuration, or this one, and resolves to its URL. Rejects with a StartError. */
  listen(port = this.config.server.port): Promise<string> {
    if (this.closing) return Promise.reject(new StartError('the gateway was closed'));
    this.listening ??= this.open(port).catch((error) => {
      this.listening = null;
      throw error;
    });
    return this.listening;
  }

  /** Loads the configuration again; an invalid one is refused with its error and the old one stays. */
  async reload(): Promise<boolean> {
    // The command line says so when it has changed the store beside us, or has made another admin token.
    this.own.token.look();
    await this.governance
      .refresh(() => this.ledger.governed())
      .catch((error) =>
        this.log('error', 'the store cannot be read', {
          error: error instanceof Error ? error.message : String(error),
        }),
      );
    return this.watcher.reload();
  }

  /** Something in the store has limits or budgets: what counts them is put in place. */
  async countStored(): Promise<void> {
    await this.live.use({ storedRules: true });
  }

  log: LogLine = (level, message, fields) => this.ledger.log(level, message, fields);

  /** No new requests; running ones end; everything recorded is kept. Resolves to whether all requests ended in time. */
  close(): Promise<boolean> {
    this.closed ??= this.drainAndClose();
    return this.closed;
  }

  /** A close that runs, or comes, waits for no request any longer. */
  hurry(): void {
    this.io.hurry();
  }

  private async open(port: number): Promise<string> {
    const { host, tls } = this.config.server;
    const free = await checkPort(host, port);
    await this.io.listen(host, free);
    const url = `${tls === null ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${free}`;
    this.log('info', 'listening', { url, threads: this.threads });
    if (this.cluster !== null) {
      const { nodeAddress } = await import('./cluster/node-address.js');
      const address = nodeAddress(this.config, free);
      if (address !== null) this.cluster.announce(address);
    }
    return url;
  }

  private async drainAndClose(): Promise<boolean> {
    const { drainTimeoutMs } = this.config.server;
    this.log('info', 'stopping', { drain_timeout_ms: drainTimeoutMs });
    const drained = this.io.drain(drainTimeoutMs);
    this.mcp.drain();
    await this.watcher.close();
    // A port that is just being opened would stay open.
    await this.listening?.catch(() => {});
    const inTime = await drained;
    this.feed.close();
    if (!inTime) this.log('warn', 'requests were still running and are cut off', {});
    await this.mcp.close();
    await this.governance.close();
    this.inProcess?.close();
    await this.io.close();
    await this.cluster?.close();
    this.log('info', 'stopped', {});
    await this.ledger.close();
    return inTime;
  }

  private watch({ load, loaded }: GatewayParts): ConfigWatcher {
    return watchConfig<LayeredConfig>({
      file: this.config.file,
      load,
      apply: async (file) => {
        await this.live.use({ file, storedRules: await this.governance.hasRules() });
      },
      onReloaded: ({ config, warnings, file }) => {
        const fixed = needRestart(loaded.config, config);
        const said = warnings.length === 0 ? {} : { warnings: formatProblems(warnings, file) };
        this.log('info', 'configuration reloaded', {
          ...said,
          ...(fixed.length > 0 && { need_restart: fixed }),
        });
      },
      onRefused: (error) => {
        const why = error instanceof Error ? error.message : String(error);
        this.log('error', 'configuration refused; the old one stays in use', { error: why });
      },
    });
  }
}
