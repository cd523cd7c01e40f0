import type { Config } from '../config/config.js';
import type { EntityConfig } from '../config/entity.js';
import { entityKey } from '../config/entity-key.js';
import type { LiveConfig } from '../live-config.js';
import type { ControlStore } from '../store/control/control-store.js';
import { addressOf } from '../store/sql/address.js';
import type { DefinitionService } from './definitions/definition-service.js';
import { EntityService } from './entity-service.js';
import { type FeedParts, IdentityFeed } from './identity-feed.js';
import type { KeyRotation } from './key-rotation.js';
import { KeyService } from './key-service.js';
import type { RotationCounts } from './rotation-schedule.js';

export interface GovernanceParts extends Omit<FeedParts, 'store' | 'onKey' | 'onDefinitions'> {
  /** In use; what the file defines goes before the store. */
  readonly live: LiveConfig;
  /** What virtual keys are hashed under. */
  readonly secret: string;
  /** This node has changed something: others may want to know. */
  readonly onChanged?: () => void;
}

/** The store that is open, and what works on it. */
export interface OpenGovernance {
  readonly store: ControlStore;
  readonly entities: EntityService;
  readonly keys: KeyService;
  readonly rotation: KeyRotation;
  readonly definitions: DefinitionService;
  /** What virtual keys are hashed under. */
  readonly secret: string;
  readonly feed: IdentityFeed;
}

/**
 * Organizations, teams, keys and the like that are made at run time. The store is opened when it is first needed: on SQLite it
 * has a thread of its own, which those who keep everything in the file do without.
 */
export class Governance {
  readonly rotations: RotationCounts = { done: 0, failed: 0 };
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

  /** Whether somebody has needed the store. */
  get isOpen(): boolean {
    return this.opening !== null;
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
    const { live, secret, log } = this.parts;
    const address = addressOf(live.config.store);
    // What it needs is loaded by those who use it.
    const { openStore } = await import('./open-store.js');
    const { KeyRotation } = await import('./key-rotation.js');
    const { RotationSchedule } = await import('./rotation-schedule.js');
    const { DefinitionService } = await import('./definitions/definition-service.js');
    const store = await openStore(address, secret, (why) =>
      log('warn', 'a connection to the store was lost', { error: why }),
    );
    const changed = (): Promise<void> => {
      this.parts.onChanged?.();
      return feed.look();
    };
    const entities = new EntityService(store, (key) => inFile(live.config, key), changed);
    const rotation = new KeyRotation(store, entities, secret);
    const schedule = new RotationSchedule(rotation, log, this.rotations);
    const feed = new IdentityFeed({
      ...this.parts,
      store,
      onKey: (id, key) => schedule.note(id, key),
      onDefinitions: (rows) => live.use({ rows }),
    });
    try {
      await feed.load();
      const listener = address.kind === 'postgres' ? await listen(address.url, feed) : null;
      schedule.start();
      const definitions = new DefinitionService(store, live, changed);
      const close = async (): Promise<void> => {
        await schedule.close();
        await listener?.close();
        await feed.close();
        await store.close();
      };
      const keys = new KeyService(entities, secret);
      return { store, feed, entities, keys, rotation, definitions, secret, close };
    } catch (error) {
      await schedule.close();
      await feed.close();
      await store.close();
      throw error;
    }
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
