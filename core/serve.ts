import { checkPort } from './check-port.js';
import type { Config } from './config/config.js';
import type { LoadedConfig } from './config/load.js';
import { formatProblems } from './config/problem.js';
import { type ConfigWatcher, watchConfig } from './config/watch.js';
import { ControlPlane } from './control-plane.js';
import { PluginMetrics } from './observe/plugin-metrics.js';
import type { PluginSource } from './plugin/load.js';
import type { LogLine } from './plugin/logger.js';
import { StartError } from './start-error.js';
import { createCounterMemory } from './state/shared-counters.js';
import { type Ledger, startLedger } from './store/ledger.js';
import { afterBoot } from './threads/heap-size.js';
import { IoGroup } from './threads/io-group.js';

export interface ServeOptions {
  /** Loads the configuration; called again for every reload. Throws ConfigError. */
  readonly load: () => LoadedConfig;
  readonly loaded: LoadedConfig;
  readonly source: PluginSource;
  /** What an I/O thread is started from. */
  readonly threadEntry: URL;
  readonly countTokens: (model: string, text: string) => Promise<number>;
  /** Something that ends the gateway from inside; the reason is for people. */
  readonly onFatal: (why: string) => void;
}

/** The gateway as a process: the main thread's parts and its I/O threads. */
export class Gateway {
  private stopping: Promise<boolean> | null = null;
  private watcher: ConfigWatcher | null = null;

  private constructor(
    private config: Config,
    private readonly ledger: Ledger,
    private readonly io: IoGroup,
    readonly url: string,
  ) {}

  /** Resolves when requests are answered. Rejects with a StartError, and leaves nothing behind then. */
  static async start(options: ServeOptions): Promise<Gateway> {
    const { config } = options.loaded;
    const { host } = config.server;
    const port = await checkPort(host, config.server.port);
    const ledger = await startLedger({
      dataDir: config.dataDir,
      url: `sqlite:${config.store.path}`,
      logLevel: config.observability.logLevel,
      logRequests: config.observability.logRequests,
    }).catch((error) => {
      throw new StartError(error instanceof Error ? error.message : String(error));
    });
    const log: LogLine = (level, message, fields) => ledger.log(level, message, fields);
    const metrics = new PluginMetrics();
    let running: Gateway | null = null;
    const control = new ControlPlane({
      ledger,
      metrics,
      countTokens: options.countTokens,
      config: () => running?.config ?? config,
      notReady: () =>
        running === null ? ['it is starting'] : running.stopping === null ? [] : ['it is stopping'],
    });
    const io = new IoGroup(config.server.threads, {
      source: options.source,
      threadEntry: options.threadEntry,
      control,
      counters: createCounterMemory(),
      connect: () => ledger.connect(),
      log,
      count: (name, by, labels) => metrics.count(name, by, labels),
      onDied: (why) => options.onFatal(why),
    });
    try {
      await io.apply(config);
      await io.listen(host, port);
    } catch (error) {
      await io.close();
      await ledger.close();
      throw error;
    }
    const scheme = config.server.tls === null ? 'http' : 'https';
    const gateway = new Gateway(
      config,
      ledger,
      io,
      `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`,
    );
    running = gateway;
    gateway.watcher = gateway.watch(options);
    afterBoot(io.size);
    ledger.log('info', 'listening', { url: gateway.url, threads: io.size });
    return gateway;
  }

  /** Loads the configuration again; an invalid one is refused with its error and the old one stays. */
  reload(): Promise<boolean> {
    return this.watcher?.reload() ?? Promise.resolve(false);
  }

  log: LogLine = (level, message, fields) => this.ledger.log(level, message, fields);

  /** No new requests; running ones end; everything recorded is kept. Resolves to whether all requests ended in time. */
  stop(): Promise<boolean> {
    this.stopping ??= this.drainAndClose();
    return this.stopping;
  }

  private async drainAndClose(): Promise<boolean> {
    const { drainTimeoutMs } = this.config.server;
    this.ledger.log('info', 'stopping', { drain_timeout_ms: drainTimeoutMs });
    await this.watcher?.close();
    const inTime = await this.io.drain(drainTimeoutMs);
    if (!inTime) this.ledger.log('warn', 'requests were still running and are cut off', {});
    await this.io.close();
    this.ledger.log('info', 'stopped', {});
    await this.ledger.close();
    return inTime;
  }

  private watch(options: ServeOptions): ConfigWatcher {
    return watchConfig({
      file: this.config.file,
      load: options.load,
      apply: async ({ config }) => {
        await this.io.apply(config);
        this.config = config;
      },
      onReloaded: ({ config, warnings, file }) => {
        const fixed = needRestart(options.loaded.config, config);
        const said = warnings.length === 0 ? {} : { warnings: formatProblems(warnings, file) };
        this.ledger.log('info', 'configuration reloaded', {
          ...said,
          ...(fixed.length > 0 && { need_restart: fixed }),
        });
      },
      onRefused: (error) => {
        const why = error instanceof Error ? error.message : String(error);
        this.ledger.log('error', 'configuration refused; the old one stays in use', { error: why });
      },
    });
  }
}

/** Settings that only count at the start. */
function needRestart(at: Config, now: Config): string[] {
  const fixed = (config: Config): Record<string, unknown> => ({
    'server.host': config.server.host,
    'server.port': config.server.port,
    'server.threads': config.server.threads,
    'server.tls': config.server.tls,
    'store.url': config.store.path,
    'observability.log_level': config.observability.logLevel,
  });
  const [before, after] = [fixed(at), fixed(now)];
  return Object.keys(before).filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
}
