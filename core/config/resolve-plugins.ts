import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { JsonObject } from '@headgate/sdk';
import type { PluginConfig } from './config.js';
import type { Findings } from './findings.js';
import { hideDerived } from './hide-derived.js';
import type { Derived } from './interpolate.js';
import type { Path } from './path.js';
import { Secret } from './secret.js';
import type { ParsedPlugin } from './sections/plugins.js';

/** Absolute path of the module when `use` is one, null when it is a name. */
function pluginPath(use: string, folder: string): string | null {
  if (use.startsWith('file://'))
    return URL.canParse(use) && !/%2f/i.test(use) ? fileURLToPath(use) : resolve(folder, use);
  return /^(\.{1,2}[\\/]|\/|[A-Za-z]:[\\/])/.test(use) ? resolve(folder, use) : null;
}

/** A plugin of the file, and where it is listed: `['plugins', 0]`. */
export interface ListedPlugin {
  readonly entry: PluginConfig;
  readonly path: Path;
  /** False for a path without a file, which has been reported. */
  readonly exists: boolean;
}

export interface PluginSources {
  /** What relative paths start from. */
  folder: string;
  derived: ReadonlyMap<string, Derived>;
  /** Those after so many are the store's: of modules they may only name those that the file does. */
  filePlugins: number;
}

/** Plugins in the order of the file, then those of the store; a path that does not exist is reported. */
export function resolvePlugins(
  parsed: readonly ParsedPlugin[],
  index: readonly number[],
  { folder, derived, filePlugins }: PluginSources,
  findings: Findings,
): ListedPlugin[] {
  const ofFile = parsed.filter((_, position) => (index[position] ?? position) < filePlugins);
  const modules = new Set(ofFile.map(({ use }) => use));
  return parsed.flatMap((plugin, position) => {
    const at = index[position] ?? position;
    const path = pluginPath(plugin.use, folder);
    if (path !== null && at >= filePlugins && !modules.has(plugin.use)) {
      findings.error(['plugins', at, 'use'], {
        what: 'a module is code, which only the configuration file may bring in',
        hint: 'list it there first',
      });
      return [];
    }
    const exists = path === null || existsSync(path);
    if (!exists) {
      findings.error(['plugins', at, 'use'], { what: 'no such file', value: plugin.use });
    }
    const shown = hideDerived(plugin.config, ['plugins', at, 'config'], derived);
    const entry = {
      use: plugin.use,
      path,
      name: plugin.name ?? null,
      config: new Secret(plugin.config as JsonObject, shown),
      order: plugin.order ?? null,
      onFailure: plugin.on_failure ?? null,
      timeoutMs: plugin.timeout ?? null,
    };
    return [{ entry, path: ['plugins', at], exists }];
  });
}
