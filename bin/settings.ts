import type { ReadOptions } from '../core/config/load.js';
import { type LayeredConfig, loadWithPlugins } from '../core/plugin/load-config.js';
import type { Flags } from './flags.js';
import { source } from './parts.js';

/** Loads the configuration that flags, environment and file add up to, and the plugins it lists. Throws ConfigError. */
export function loadSettings(flags: Flags): Promise<LayeredConfig> {
  return loadWithPlugins(optionsOf(flags), source);
}

function optionsOf(flags: Flags): ReadOptions {
  return {
    file: flags.config,
    env: process.env,
    overrides: {
      host: flags.host,
      port: flags.port,
      threads: flags.threads,
      dataDir: flags.data,
      logLevel: flags['log-level'],
      logFormat: flags['log-format'],
    },
  };
}
