import { fileURLToPath } from 'node:url';
import type { Plugin } from '@headgate/sdk';
import type { PluginConfig } from '../core/config/config.js';
import { ConfigError, formatProblems } from '../core/config/problem.js';
import type { ConfigInput } from '../core/config/schema.js';
import { Secret } from '../core/config/secret.js';
import { createGateway as create, type RunningGateway } from '../core/gateway.js';
import { isNative } from '../core/http/uws.js';
import type { PluginSource } from '../core/plugin/load.js';
import { type LayeredConfig, loadWithPlugins } from '../core/plugin/load-config.js';
import { StartError } from '../core/start-error.js';
import { createPool } from '../workers/pool.js';
import { createPrograms } from '../workers/programs.js';
import { source } from './parts.js';
import { version } from './version.js';

export { ConfigError, type ConfigInput, StartError };

export interface GatewayOptions {
  /**
   * What `headgate.yaml` would say, as an object, or the path of such a file, which is then watched for changes. Left out:
   * the defaults. With an object, relative paths start at the working directory, and the log begins at `warn`.
   */
  readonly config?: ConfigInput | string | URL;
  /**
   * Made with `definePlugin`, in the order they run. One that the configuration lists under its name has its place and its
   * settings from there; the others come after those listed and have no settings.
   */
  readonly plugins?: readonly Plugin[];
  /** For `listen`; they go before the configuration. */
  readonly host?: string;
  readonly port?: number;
  /** Folder for what the gateway keeps, `data` when left out. Every gateway needs one of its own. */
  readonly dataDir?: string;
  /** Where `${NAME}`, the providers' usual keys and `HEADGATE_…` are read from; `process.env` when left out. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** A gateway in this process. It ends no process and listens to no signal; until it is closed it keeps the process alive. */
export interface Gateway {
  /**
   * As the global `fetch`, but answered by the gateway itself, without a socket, whatever the host; a path alone is enough.
   * May be handed to SDKs and servers as it is. After `close`, every answer is a 503.
   */
  readonly fetch: typeof globalThis.fetch;
  /** Opens the port and resolves to its URL. Rejects with a StartError when it cannot. */
  listen(): Promise<string>;
  /** No new requests; running ones have `server.drain_timeout` to end; all records are kept. True when all ended in time. */
  close(): Promise<boolean>;
}

/**
 * Starts a gateway in this process; it answers `fetch` from then on. Rejects with a ConfigError, or a StartError when it
 * cannot have its data folder, and leaves nothing behind then.
 */
export async function createGateway(options: GatewayOptions = {}): Promise<Gateway> {
  const given = options.plugins ?? [];
  const plugins = withGiven(given);
  const load = (): Promise<LayeredConfig> => configured(options, plugins, given);
  const loaded = await load();
  const pool = createPool({ threads: 1 });
  const programs = createPrograms();
  let running: RunningGateway;
  try {
    running = await create({
      load,
      loaded,
      source: plugins,
      threadEntry: null,
      countTokens: (model, text) => pool.run('countTokens', { model, text }),
      diffWords: (before, after) => pool.run('diffWords', { before, after }),
      runProgram: (program) => programs.run(program),
      pool: () => pool.state,
      version: version(),
      onFatal: (why) => process.emitWarning(`Headgate cannot go on: ${why}`),
    });
  } catch (error) {
    await Promise.all([pool.close(), programs.close()]);
    throw error;
  }
  if (loaded.warnings.length > 0)
    running.log('warn', 'configuration', { warnings: formatProblems(loaded.warnings, loaded.file) });
  return {
    fetch: running.fetch,
    async listen() {
      const url = await running.listen();
      if (!isNative)
        running.log('warn', 'the native HTTP server does not run on this Node.js; a slow one is used', {});
      return url;
    },
    async close() {
      const inTime = await running.close();
      await Promise.all([pool.close(), programs.close()]);
      return inTime;
    },
  };
}

function withGiven(given: readonly Plugin[]): PluginSource {
  const named: Record<string, () => Promise<Plugin>> = { ...source.named };
  for (const plugin of given) {
    if (plugin.name in named) throw new StartError(`there is another plugin with the name "${plugin.name}"`);
    named[plugin.name] = async () => plugin;
  }
  return { ...source, named };
}

async function configured(
  options: GatewayOptions,
  plugins: PluginSource,
  given: readonly Plugin[],
): Promise<LayeredConfig> {
  const { config = {}, host, port, dataDir, env = process.env } = options;
  const isFile = typeof config === 'string' || config instanceof URL;
  const what = isFile
    ? { file: config instanceof URL ? fileURLToPath(config) : config }
    : { data: quiet(config) };
  return withAll(
    given,
    await loadWithPlugins({ ...what, env, overrides: { host, port, dataDir } }, plugins, given),
  );
}

/** Those that are given run whether they are listed or not. */
function withAll(given: readonly Plugin[], loaded: LayeredConfig): LayeredConfig {
  const listed = new Set(loaded.config.plugins.map(({ use }) => use));
  const more = given.filter(({ name }) => !listed.has(name)).map(({ name }) => entryOf(name));
  return {
    ...loaded,
    config: { ...loaded.config, plugins: [...loaded.config.plugins, ...more] },
    with: async (definitions) => withAll(given, await loaded.with(definitions)),
  };
}

/** The log shares its output with the program around it, which did not ask for a line a request. */
function quiet(config: ConfigInput): ConfigInput {
  return { ...config, observability: { log_level: 'warn', ...config.observability } };
}

function entryOf(name: string): PluginConfig {
  return {
    use: name,
    path: null,
    name: null,
    config: new Secret({}),
    order: null,
    onFailure: null,
    timeoutMs: null,
  };
}
