import { type LoadedConfig, loadConfig } from '../core/config/load.js';
import type { Flags } from './flags.js';
import { source } from './parts.js';

/** Loads the configuration that flags, environment and file add up to. Throws ConfigError. */
export function settings(flags: Flags): LoadedConfig {
  const modules = source.builtins.flatMap((plugin) => plugin.providers ?? []);
  return loadConfig({
    file: flags.config,
    env: process.env,
    overrides: {
      host: flags.host,
      port: flags.port,
      threads: flags.threads,
      dataDir: flags.data,
      logLevel: flags['log-level'],
    },
    rows: modules.map(({ row }) => ({ ...row, keyEnv: row.keyEnv ?? [] })),
    builtIn: modules.filter(({ transport }) => transport !== undefined).map(({ row }) => row.id),
  });
}
