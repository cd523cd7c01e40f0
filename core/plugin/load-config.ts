import type { Plugin } from '@headgate/sdk';
import type { Definition } from '../config/definitions.js';
import {
  type LoadedConfig,
  type ReadConfig,
  type ReadOptions,
  readConfig,
  readSource,
} from '../config/load.js';
import { nearest } from '../config/nearest.js';
import type { Problem } from '../config/problem.js';
import type { Supply } from '../config/provider-hint.js';
import { checkSettings } from './check-settings.js';
import { findPlugin, type PluginSource } from './load.js';
import { type PluginPlace, PluginProblem, pluginProblem } from './plugin-problem.js';

/** A plugin of the file that could be loaded. */
interface Listed {
  readonly plugin: Plugin;
  readonly use: string;
  readonly place: PluginPlace;
}

/** A configuration that can be made again with other definitions of the store, without reading the file again. */
export interface LayeredConfig extends LoadedConfig {
  /** @throws ConfigError with every problem found; `owner` of a problem says whose it is */
  readonly with: (definitions: readonly Definition[]) => Promise<LayeredConfig>;
}

/**
 * Loads the configuration and all plugins that it lists, since these say which providers and wire formats it may name.
 * None is set up.
 *
 * @param given plugins that are there without being listed
 * @throws ConfigError with every problem found, also of the plugins and their settings
 */
export async function loadWithPlugins(
  options: ReadOptions,
  source: PluginSource,
  given: readonly Plugin[] = [],
): Promise<LayeredConfig> {
  const read = readSource(options);
  const layered = async (definitions: readonly Definition[]): Promise<LayeredConfig> => ({
    ...(await completed(readConfig(options, read, definitions), source, given)),
    with: layered,
  });
  return layered([]);
}

async function completed(
  read: ReadConfig,
  source: PluginSource,
  given: readonly Plugin[],
): Promise<LoadedConfig> {
  const problems: Problem[] = [];
  const listed: Listed[] = [];
  const note = (error: unknown): void => {
    if (!(error instanceof PluginProblem)) throw error;
    problems.push(...error.problems);
  };
  for (const { entry, path, exists } of read.plugins) {
    // That it does not is known by now.
    if (!exists) continue;
    const place = { path, locator: read.locator };
    try {
      const { plugin } = await findPlugin(entry, source, place);
      listed.push({ plugin, use: entry.use, place });
      await checkSettings(plugin, entry.config, place);
    } catch (error) {
      note(error);
    }
  }
  const brought = listed.map(({ plugin }) => plugin);
  const all = [...source.builtins, ...brought, ...given.filter((plugin) => !brought.includes(plugin))];
  const partial = !read.allListed || listed.length < read.plugins.length;
  if (!partial) problems.push(...listed.flatMap((one) => loosePoints(one, all)));
  const sinks = read.listsSinks ? await source.sinks?.rows() : undefined;
  const loaded = read.complete({ ...supplyOf(all), partial, sinks }, problems);
  await checkApis(loaded);
  return loaded;
}

/** Few have any, and their documents may be large. */
async function checkApis(loaded: LoadedConfig): Promise<void> {
  const servers = [...(loaded.config.mcp?.servers.values() ?? [])];
  if (!servers.some(({ transport }) => transport.kind === 'openapi')) return;
  const { checkDocuments } = await import('../mcp/openapi/check-documents.js');
  await checkDocuments(loaded);
}

/** What a configuration may name because these plugins bring it. */
export function supplyOf(plugins: readonly Plugin[]): Supply {
  const modules = plugins.flatMap((plugin) => plugin.providers ?? []);
  const last = new Map(modules.map((module) => [module.row.id, module]));
  const signers = new Map(plugins.flatMap(({ signers = [] }) => signers).map((one) => [one.id, one]));
  return {
    rows: [...last.values()].map(({ row }) => {
      const signer = signers.get(row.signer);
      return {
        ...row,
        keyEnv: row.keyEnv ?? [],
        ofMachine: (credential) => signer?.ofMachine?.(credential) ?? false,
      };
    }),
    builtIn: [...last.values()].filter(({ transport }) => transport !== undefined).map(({ row }) => row.id),
    formats: plugins.flatMap((plugin) => plugin.formats ?? []).map(({ id }) => id),
  };
}

/** Signers, formats and adapters that a plugin's providers need and no plugin brings. */
function loosePoints({ plugin, use, place }: Listed, all: readonly Plugin[]): Problem[] {
  const signers = all.flatMap(({ signers }) => signers ?? []).map(({ id }) => id);
  const formats = all.flatMap(({ formats }) => formats ?? []).map(({ id }) => id);
  const adapters = all.flatMap(({ adapters }) => adapters ?? []).map(({ id }) => id);
  return (plugin.providers ?? []).flatMap(({ row }) => {
    const missing = (what: string, name: string, known: readonly string[]): readonly Problem[] => {
      if (known.includes(name)) return [];
      const suggestion = nearest(name, known);
      const said = {
        what: `the provider "${row.id}" of "${use}" needs the ${what} "${name}", which nobody brings`,
      };
      return pluginProblem(place, ['use'], suggestion === undefined ? said : { ...said, suggestion })
        .problems;
    };
    return [
      ...missing('signer', row.signer, signers),
      ...Object.keys(row.formats).flatMap((format) => missing('wire format', format, formats)),
      ...Object.keys(row.adapters ?? {}).flatMap((adapter) => missing('adapter', adapter, adapters)),
    ];
  });
}
