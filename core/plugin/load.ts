import { createHash } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { type Plugin, type SinkRow, sdkVersion } from '@headgate/sdk';
import type { PluginConfig } from '../config/config.js';
import { nearest } from '../config/nearest.js';
import { checkSettings } from './check-settings.js';
import { contributionProblems } from './contributions.js';
import { type PluginPlace, pluginProblem } from './plugin-problem.js';
import { within } from './within.js';

/** What a start or a reload waits for at most, for one module to be loaded. */
const IMPORT_MS = 30_000;

/** Where plugins with a name come from; given by the composition root. */
export interface PluginSource {
  /** Always there. */
  readonly builtins: readonly Plugin[];
  /** Loaded when the config names them. */
  readonly named: Readonly<Record<string, () => Promise<Plugin>>>;
  /** Absent: nobody knows any. */
  readonly sinks?: SinkSource;
}

/** Where sinks come from, by id, loaded when the config lists one, and what their thread is started from. */
export interface SinkSource {
  readonly rows: () => Promise<ReadonlyMap<string, SinkRow>>;
  readonly thread: URL;
}

export interface Found {
  readonly plugin: Plugin;
  /** Changes when the plugin or its settings do: an unchanged plugin is kept over a reload. */
  readonly signature: string;
}

export interface Loaded extends Found {
  /** Its settings, checked by its own schema. */
  readonly settings: unknown;
}

/** Loads one plugin of the config and checks its settings. Throws a PluginProblem. */
export async function loadPlugin(
  entry: PluginConfig,
  source: PluginSource,
  place: PluginPlace,
): Promise<Loaded> {
  const found = await findPlugin(entry, source, place);
  return { ...found, settings: await checkSettings(found.plugin, entry.config, place) };
}

/** Loads one plugin of the config. Throws a PluginProblem. */
export async function findPlugin(
  entry: PluginConfig,
  source: PluginSource,
  place: PluginPlace,
): Promise<Found> {
  const { use, name, path, order, onFailure, timeoutMs } = entry;
  const changed = path !== null && existsSync(path) ? statSync(path).mtimeMs : 0;
  const signature = JSON.stringify([use, name, changed, entry.config.reveal(), order, onFailure, timeoutMs]);
  const plugin = path === null ? await byName(use, source, place) : await byPath(use, path, signature, place);
  const wrong = contributionProblems(plugin);
  if (wrong.length > 0) {
    throw pluginProblem(place, ['use'], { what: `"${use}" brings what cannot be used: ${wrong.join('; ')}` });
  }
  return { plugin, signature };
}

async function byName(use: string, source: PluginSource, place: PluginPlace): Promise<Plugin> {
  const load = Object.hasOwn(source.named, use) ? source.named[use] : undefined;
  if (load === undefined) {
    const near = nearest(use, Object.keys(source.named));
    throw pluginProblem(place, ['use'], {
      what: `there is no plugin "${use}"`,
      ...(near === undefined ? { hint: 'a path begins with "./" or "/"' } : { suggestion: near }),
    });
  }
  return load();
}

async function byPath(use: string, path: string, signature: string, place: PluginPlace): Promise<Plugin> {
  const wrong = (what: string, hint?: string): Error =>
    pluginProblem(place, ['use'], { what, ...(hint !== undefined && { hint }) });
  if (!existsSync(path)) throw wrong(`there is no file "${use}"`);
  // Another address makes Node load the file anew: after an edit, and for other settings, so that closing the plugin
  // that ran with the old ones does not take the module's state from the new one.
  const instance = createHash('sha256').update(signature).digest('hex').slice(0, 16);
  let module: { default?: unknown };
  try {
    module = await within(IMPORT_MS, () => import(`${pathToFileURL(path).href}?instance=${instance}`));
  } catch (error) {
    throw wrong(`"${use}" cannot be loaded: ${messageOf(error)}`, hintFor(error));
  }
  const found = module.default;
  if (!isPlugin(found)) {
    throw wrong(`the default export of "${use}" is not a plugin`, 'export default definePlugin({ … })');
  }
  if (found.sdk !== sdkVersion) {
    throw wrong(
      `"${use}" was made for version ${found.sdk} of the SDK, and this gateway has version ${sdkVersion}`,
    );
  }
  return found;
}

function isPlugin(value: unknown): value is Plugin {
  return typeof value === 'object' && value !== null && 'sdk' in value && 'name' in value && 'needs' in value;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function hintFor(error: unknown): string | undefined {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  if (code === 'ERR_UNKNOWN_FILE_EXTENSION') return 'compile it to JavaScript first';
  if (code === 'ERR_MODULE_NOT_FOUND' && messageOf(error).includes("'@headgate/sdk'")) {
    return 'run `npm install @headgate/sdk` beside it';
  }
  return undefined;
}
