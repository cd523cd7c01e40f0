import { serverSecret } from '../core/admin/kept-secret.js';
import { openStore } from '../core/admin/open-store.js';
import { StartError } from '../core/start-error.js';
import { holderOf } from '../core/store/data-dir-lock.js';
import { type LedgerSql, openLedgerSql } from '../core/store/ledger-sql.js';
import {
  addressOf,
  isMemory,
  readAddress,
  type StoreAddress,
  shownAddress,
} from '../core/store/sql/address.js';
import { copyStore, NotEmpty } from '../core/store/store-copy.js';
import { type Flags, UsageError } from './flags.js';
import { loadSettings } from './settings.js';

/** `headgate store copy|reseal` */
export async function storeCommand(flags: Flags, _entry: URL, words: readonly string[]): Promise<void> {
  if (words.length === 1 && words[0] === 'reseal') return (await import('./reseal.js')).reseal(flags);
  if (words.length !== 1 || words[0] !== 'copy' || flags.to === undefined)
    throw new UsageError(
      'say where to: headgate store copy --to postgres://… (or sqlite:PATH); or headgate store reseal',
    );
  await copy(flags);
}

/**
 * `headgate store copy --to URL`: everything that the configuration's store has, into an empty one: SQLite to Postgres, or the
 * other way. Nothing of the first is changed.
 */
async function copy(flags: Flags): Promise<void> {
  const { config } = await loadSettings(flags);
  const from = addressOf(config.store);
  const to = understood(() => readAddress(flags.to, config.dataDir));
  if ([from, to].some((one) => one.kind === 'sqlite' && isMemory(one.path)))
    throw new StartError('what is kept in memory cannot be copied, and is no place to copy to');
  if (shownAddress(from) === shownAddress(to)) throw new StartError('that is the store that there is');
  if (from.kind === 'sqlite' && holderOf(config.dataDir) !== null)
    throw new StartError(
      `a gateway runs on ${shownAddress(from)}: stop it first, or what it records meanwhile is not copied`,
    );
  const secret = serverSecret(config);
  const opened: LedgerSql[] = [];
  try {
    for (const address of [from, to]) {
      // Both have all tables of this version then, those of keys and entities too.
      if (address === from) await (await openStore(address, secret)).close();
      else await tables(address);
      opened.push(await openLedgerSql(address));
    }
    const [source, target] = opened as [LedgerSql, LedgerSql];
    const copied = await copyStore(source, target);
    say(flags.json === true ? JSON.stringify(copied, null, 2) : told(copied, to));
  } catch (error) {
    if (error instanceof NotEmpty)
      throw new StartError(`${shownAddress(to)}: ${error.message}; copy into a new one`);
    throw error instanceof Error && !(error instanceof UsageError) ? new StartError(error.message) : error;
  } finally {
    for (const db of opened) await db.close();
  }
}

/** Makes the tables of keys and entities, without a word of the secret: that is copied. */
async function tables(address: StoreAddress): Promise<void> {
  const { openSql } = await import('../core/store/sql/open.js');
  const { ControlStore } = await import('../core/store/control/control-store.js');
  const store = new ControlStore(await openSql(address, { connections: 1 }));
  try {
    await store.migrate();
  } finally {
    await store.close();
  }
}

function told(copied: Record<string, number>, to: StoreAddress): string {
  const { request_blocks: blocks = 0, control_entities: entities = 0, request_bodies: bodies = 0 } = copied;
  const rows = Object.values(copied).reduce((sum, count) => sum + count, 0);
  const url = to.kind === 'postgres' ? `\${DATABASE_URL}` : shownAddress(to);
  const next = `store: { url: "${url}" }`;
  return [
    `copied ${rows} rows to ${shownAddress(to)}: ${blocks} blocks of records, ${bodies} kept bodies, ${entities} keys and entities`,
    `now let the configuration say ${next}`,
    'keys are hashed under the secret that this node has: other nodes need the same one (HEADGATE_SECRET)',
  ].join('\n');
}

function understood<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

const say = (text: string): void => void process.stdout.write(`${text}\n`);
