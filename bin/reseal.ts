import { StartError } from '../core/start-error.js';
import { StoreError } from '../core/store/control/store-error.js';
import type { Flags } from './flags.js';
import { openDefinitions } from './open-definitions.js';
import { loadSettings } from './settings.js';

/** `headgate store reseal`: all or nothing; after it, the first key of HEADGATE_ENCRYPTION_KEY opens everything. */
export async function reseal(flags: Flags): Promise<void> {
  const loaded = await loadSettings(flags);
  if (loaded.config.admin.encryptionKey === null)
    throw new StartError('HEADGATE_ENCRYPTION_KEY is not set: say NEW,OLD, the new key first');
  const { store, definitions } = await openDefinitions(loaded);
  try {
    const resealed = await definitions.reseal({ actor: 'cli', source: '' });
    const text =
      resealed === 0
        ? 'everything is under the first key already'
        : `${resealed} ${resealed === 1 ? 'entry is' : 'entries are'} under the first key now`;
    process.stdout.write(`${flags.json === true ? JSON.stringify({ resealed }) : text}\n`);
  } catch (error) {
    if (error instanceof StoreError) throw new StartError(error.message);
    throw error;
  } finally {
    await store.close();
  }
}
