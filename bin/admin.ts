import { makesToken, makeToken } from '../core/admin/admin-token.js';
import { StartError } from '../core/start-error.js';
import { type Flags, UsageError } from './flags.js';
import { loadSettings } from './settings.js';
import { tellHolder } from './tell-gateway.js';

/** `headgate admin token --new`: another admin token in place of the one that was made at the first start. */
export async function adminCommand(flags: Flags, _entry: URL, words: readonly string[]): Promise<void> {
  if (words.length !== 1 || words[0] !== 'token' || flags.new !== true)
    throw new UsageError('say what is to be done: headgate admin token --new');
  const { config } = await loadSettings(flags);
  if (!makesToken(config))
    throw new StartError(
      config.admin.token !== null
        ? 'admin.token (or HEADGATE_ADMIN_TOKEN) is set, and counts: change it there'
        : 'this configuration needs no admin token: admin.required is false, or everything is kept in memory',
    );
  process.stdout.write(`${makeToken(config.dataDir)}\n`);
  tellHolder(config.dataDir);
}
