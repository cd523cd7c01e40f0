import type { LoadedConfig } from '../config/load.js';
import { ConfigError, type Problem } from '../config/problem.js';
import { loadPlugin, type PluginSource } from './load.js';
import { PluginProblem } from './plugin-problem.js';

/**
 * Loads every plugin of a configuration and checks its settings, but sets none up. Throws a ConfigError that says where in
 * the file each problem is.
 */
export async function checkPlugins(
  { config, locator, file }: LoadedConfig,
  source: PluginSource,
): Promise<void> {
  const problems: Problem[] = [];
  for (const [index, entry] of config.plugins.entries()) {
    try {
      await loadPlugin(entry, source, { path: ['plugins', index], locator });
    } catch (error) {
      if (!(error instanceof PluginProblem)) throw error;
      problems.push(...error.problems);
    }
  }
  if (problems.length > 0) throw new ConfigError(problems, file);
}
