import { createHmac } from 'node:crypto';
import type { Config } from '../config/config.js';
import { type EntityConfig, entityKey } from '../config/entity.js';
import { ControlStore } from '../store/control/control-store.js';
import type { ControlTables } from '../store/control/tables.js';
import { addressOf } from '../store/sql/address.js';
import { openSql } from '../store/sql/open.js';
import { EntityService } from './entity-service.js';
import { type FeedParts, IdentityFeed } from './identity-feed.js';
import { KeyService } from './key-service.js';

/** Connections to Postgres for changes and for looking; one more listens. */
const CONNECTIONS = 3;

export interface GovernanceParts extends Omit<FeedParts, 'store'> {
  /** In use; what it defines goes before the store. */
  readonly config: () => Config;
  /** What virtual keys are hashed under. */
  readonly secret: string;
}

/** The store that is open, and what works on it. */
export interface OpenGovernance {
  readonly store: ControlStore;
  readonly entities: EntityService;
  readonly keys: KeyService;
  readonly feed: IdentityFeed;
}

/**
 * Organizations, teams, keys and the like that are made at run time. The store is opened when it is first needed: on SQLite it
 * has a thread of its own, which those who keep everything in the file do without.
 */
export class Governance {
  private opening: Promise<OpenGovernance & { close(): Promise<void> }> | null = null;
  private closed = false;

  constructor(private readonly parts: GovernanceParts) {}

  /** Resolves when everything that is stored is in force. Rejects with words for people. */
  open(): Promise<OpenGovernance> {
    if (this.closed) return Promise.reject(new Error('the gateway is stopping'));
    this.opening ??= this.start().catch((error) => {
      this.opening = null;
      throw error;
    });
    return this.opening;
  }

  /** Looks for what the command line has changed in the file beside us; does nothing when no store is open or used. */
  async refresh(used: () => Promise<boolean>): Promise<void> {
    if (this.opening !== null) await (await this.opening).feed.look();
    else if (await used()) await this.open();
  }

  async close(): Promise<void> {
    this.closed = true;
    const opened = await this.opening?.catch(() => null);
    await opened?.close();
  }

  /** Whether what is stored has limits or budgets. */
  async hasRules(): Promise<boolean> {
    return this.opening === null ? false : (await this.opening).feed.hasRules;
  }

  private async start(): Promise<OpenGovernance & { close(): Promise<void> }> {
    const { config, secret, log } = this.parts;
    const address = addressOf(config().store);
    const database = await openSql<ControlTables>(address, {
      connections: CONNECTIONS,
      onLost: (why) => log('warn', 'a connection to the store was lost', { error: why }),
    });
    const store = new ControlStore(database);
    const feed = new IdentityFeed({ ...this.parts, store });
    try {
      await store.migrate();
      await this.checkSecret(store, secret);
      await feed.load();
      const listener = address.kind === 'postgres' ? await listen(address.url, feed) : null;
      const entities = new EntityService(
        store,
        (key) => inFile(config(), key),
        () => feed.look(),
      );
      const close = async (): Promise<void> => {
        await listener?.close();
        await feed.close();
        await store.close();
      };
      return { store, feed, entities, keys: new KeyService(entities, secret), close };
    } catch (error) {
      await feed.close();
      await store.close();
      throw error;
    }
  }

  private async checkSecret(store: ControlStore, secret: string): Promise<void> {
    const hash = createHmac('sha256', secret).update('headgate: is this the same secret?').digest('hex');
    if (await store.sameSecret(hash)) return;
    throw new Error(
      `The keys in ${store.database.shown} are hashed under another secret than this node has, so none of them would be ` +
        'known here. Set HEADGATE_SECRET (or admin.secret) to the one that the other nodes have: the file "secret" in their ' +
        'data folder, when it is set nowhere.',
    );
  }
}

async function listen(url: string, feed: IdentityFeed): Promise<{ close(): Promise<void> }> {
  const { ChangeListener } = await import('../store/control/change-listener.js');
  const listener = new ChangeListener(url, () => void feed.look().catch(() => {}));
  await listener.start();
  feed.watch(() => listener.hears);
  return listener;
}

/** What the file says of it; undefined when it does not know it. */
export function inFile(config: Config, key: string): EntityConfig | undefined {
  return config.entities.get(key) ?? config.keys.find(({ link }) => entityKey('key', link.id) === key);
}
