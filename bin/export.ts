import { exportConfig } from '../core/admin/portable/export-config.js';
import { type Flags, UsageError } from './flags.js';
import { openDefinitions } from './open-definitions.js';
import { loadSettings } from './settings.js';

/** `headgate export`: what the store defines, on the standard output, whether a gateway runs or not. */
export async function exportCommand(flags: Flags): Promise<void> {
  const { of = 'store' } = flags;
  if (of !== 'store' && of !== 'all') throw new UsageError(`--of is store or all, not "${of}"`);
  const { store, secret, over } = await openDefinitions(await loadSettings(flags));
  try {
    process.stdout.write(await exportConfig(of, { store, secret, live: over }));
  } finally {
    await store.close();
  }
}
