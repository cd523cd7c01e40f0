import { configJsonSchema } from '../core/config/json-schema.js';
import { printConfig } from '../core/config/print.js';
import type { Flags } from './flags.js';
import { loadSettings } from './settings.js';

/** `headgate check`: says what the configuration comes to, or what is wrong with it; starts nothing. */
export async function checkCommand(flags: Flags): Promise<void> {
  if (flags.schema === true) {
    process.stdout.write(`${JSON.stringify(configJsonSchema(), null, 2)}\n`);
    return;
  }
  process.stdout.write(`${printConfig(await loadSettings(flags))}\n`);
}
