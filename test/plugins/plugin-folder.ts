import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const checkout = fileURLToPath(new URL('../..', import.meta.url));

/** A folder as someone has it who ran `npm install @headgate/sdk` beside their plugin: a copy of the SDK of its own. */
export interface PluginFolder {
  readonly dir: string;
  /** Writes a module and returns its path. */
  write(name: string, source: string): string;
  close(): void;
}

export function pluginFolder(): PluginFolder {
  const dir = mkdtempSync(join(tmpdir(), 'headgate-plugins-'));
  const sdk = join(dir, 'node_modules', '@headgate', 'sdk');
  mkdirSync(sdk, { recursive: true });
  for (const part of ['package.json', 'dist']) {
    cpSync(join(checkout, 'sdk-plugin', part), join(sdk, part), { recursive: true });
  }
  symlinkSync(join(checkout, 'node_modules', 'zod'), join(dir, 'node_modules', 'zod'));
  return {
    dir,
    write(name, source) {
      const path = join(dir, name);
      writeFileSync(path, source);
      return path;
    },
    close: () => rmSync(dir, { recursive: true, force: true }),
  };
}

/** A module that exports a plugin; `definition` is the text of what `definePlugin` gets. */
export const pluginModule = (definition: string, before = ''): string =>
  `import { definePlugin, reply } from '@headgate/sdk';\nimport { z } from 'zod';\n${before}\nexport default definePlugin(${definition});\n`;
