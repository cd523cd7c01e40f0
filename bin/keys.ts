import { ENTITY_APIS } from '../core/admin/entity-kinds.js';
import { listEntities } from '../core/admin/entity-list.js';
import { EntityService, type Fields, ReadOnly } from '../core/admin/entity-service.js';
import { inFile } from '../core/admin/governance.js';
import { serverSecret } from '../core/admin/kept-secret.js';
import { KEY_API, KeyService, type KeyWithSecret } from '../core/admin/key-service.js';
import { openStore } from '../core/admin/open-store.js';
import type { Config } from '../core/config/config.js';
import { StartError } from '../core/start-error.js';
import type { ControlStore } from '../core/store/control/control-store.js';
import { StoreError } from '../core/store/control/store-error.js';
import { addressOf, isMemory } from '../core/store/sql/address.js';
import { type Flags, UsageError } from './flags.js';
import { loadSettings } from './settings.js';
import { tellGateway } from './tell-gateway.js';

const AUTHOR = { actor: 'cli', source: '' };

interface Opened {
  readonly config: Config;
  readonly store: ControlStore;
  readonly keys: KeyService;
}

/** `headgate keys list|create|rotate|revoke`: works on the store itself, whether a gateway runs or not. */
export async function keysCommand(flags: Flags, _entry: URL, words: readonly string[]): Promise<void> {
  const [what = 'list', ...ids] = words;
  const work = WORK[what];
  if (work === undefined)
    throw new UsageError(`"keys ${what}" is nothing; it is list, create, rotate or revoke`);
  const [id, ...more] = ids;
  const needsId = what === 'rotate' || what === 'revoke';
  if (needsId !== (id !== undefined) || more.length > 0)
    throw new UsageError(
      needsId ? `say which key: headgate keys ${what} ID` : `"keys ${what}" takes no more words`,
    );
  const { config } = await loadSettings(flags);
  const address = addressOf(config.store);
  if (address.kind === 'sqlite' && isMemory(address.path))
    throw new StartError('store.url says that everything is kept in memory: there is no store for keys');
  const secret = serverSecret(config);
  const store = await openStore(address, secret).catch((error) => {
    throw new StartError(error instanceof Error ? error.message : String(error));
  });
  try {
    const entities = new EntityService(
      store,
      (key) => inFile(config, key),
      async () => tellGateway(config),
    );
    await work({ config, store, keys: new KeyService(entities, secret) }, flags, id ?? '');
  } catch (error) {
    if (error instanceof StoreError || error instanceof ReadOnly) throw new StartError(error.message);
    throw error;
  } finally {
    await store.close();
  }
}

type Work = (opened: Opened, flags: Flags, id: string) => Promise<void>;

const WORK: Readonly<Record<string, Work>> = {
  list,
  create: async ({ keys }, flags) => tellSecret(await keys.create(fieldsOf(flags), AUTHOR), flags),
  rotate: async ({ keys }, flags, id) => {
    const { grace } = flags;
    tellSecret(await keys.rotate(id, grace === undefined ? {} : { grace }, AUTHOR), flags);
  },
  revoke: async ({ keys }, flags, id) => {
    const { name } = await keys.revoke(id, AUTHOR);
    say(flags.json === true ? JSON.stringify({ id, name, status: 'revoked' }) : `revoked: ${id} (${name})`);
  },
};

async function list({ store, config }: Opened, flags: Flags): Promise<void> {
  const found: Record<string, unknown>[] = [];
  for (let cursor: unknown = ''; cursor !== null; ) {
    const query = `limit=1000${cursor === '' ? '' : `&cursor=${String(cursor)}`}`;
    const page = await listEntities(KEY_API, { store }, config, query);
    found.push(...(page['data'] as Record<string, unknown>[]));
    cursor = page['next_cursor'];
  }
  if (flags.json === true) say(JSON.stringify(found, null, 2));
  else if (found.length === 0) say('there are no virtual keys; "headgate keys create" makes one');
  else say(table(found));
}

const COLUMNS = ['id', 'name', 'status', 'source', 'prefix'] as const;

function table(keys: readonly Record<string, unknown>[]): string {
  const rows = [
    COLUMNS as readonly string[],
    ...keys.map((key) => COLUMNS.map((name) => String(key[name] ?? ''))),
  ];
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows
    .map((row) =>
      row
        .map((text, column) => text.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function tellSecret({ key, secret }: KeyWithSecret, flags: Flags): void {
  if (flags.json === true) {
    say(JSON.stringify({ id: key.id, name: key.name, secret }));
    return;
  }
  // The key alone on stdout, so that a script can take it; it is shown this once.
  process.stderr.write(`${key.id} (${key.name}); this is shown once:\n`);
  say(secret);
}

const PLACES = ENTITY_APIS.flatMap(({ kind }) =>
  kind === 'organization' || kind === 'team' || kind === 'project' || kind === 'user' ? [kind] : [],
);

/** What the flags say, as the API would be told. */
function fieldsOf(flags: Flags): Fields {
  const { name, models, expires, budget, rpm, tpm } = flags;
  const limits = {
    ...(rpm !== undefined && { rpm: Number(rpm) }),
    ...(tpm !== undefined && { tpm: Number(tpm) }),
  };
  return {
    ...(name !== undefined && { name }),
    ...(models !== undefined && { models: models.split(',').map((one) => one.trim()) }),
    ...(expires !== undefined && { expires }),
    ...(budget !== undefined && { budget: readBudget(budget) }),
    ...(Object.keys(limits).length > 0 && { limits }),
    ...Object.fromEntries(PLACES.flatMap((kind) => (flags[kind] === undefined ? [] : [[kind, flags[kind]]]))),
  };
}

/** `10/month` */
function readBudget(text: string): object {
  const [usd = '', per] = text.split('/');
  if (!/^\d+(\.\d+)?$/.test(usd) || per === undefined)
    throw new UsageError(`--budget is US dollars and a period, such as 10/month, not "${text}"`);
  return { usd: Number(usd), per };
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
