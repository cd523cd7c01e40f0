import { configJsonSchema } from '../core/config/json-schema.js';
import { printConfig } from '../core/config/print.js';
import { checkPlugins } from '../core/plugin/check-plugins.js';
import type { Flags } from './flags.js';
import { source } from './parts.js';
import { settings } from './settings.js';

/** `headgate check`: says what the configuration comes to, or what is wrong with it; starts nothing. */
export async function checkCommand(flags: Flags): Promise<void> {
  if (flags.schema === true) {
    process.stdout.write(`${JSON.stringify(configJsonSchema(), null, 2)}\n`);
    return;
  }
  const loaded = settings(flags);
  await checkPlugins(loaded, source);
  process.stdout.write(`${printConfig(loaded)}\n`);
}
