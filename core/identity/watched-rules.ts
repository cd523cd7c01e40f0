import type { ChainLink } from '@headgate/sdk';
import type { Config } from '../config/config.js';
import type { EntityConfig, KeyRules } from '../config/entity.js';
import { entityKey } from '../config/entity-key.js';
import type { IdentityDelta } from './stored-keys.js';

/** What of an entity is watched. */
interface Watched {
  readonly link: ChainLink;
  /** Unix milliseconds; null: never. */
  readonly expiresMs: number | null;
}

/** In the text of a key's rules, where it has a budget or expires. Most have neither, and are not read. */
const WORTH = /"budgets":\[\{|"expiresMs":\d/;

/** The entities of file and store that have a budget or expire, in the main thread. */
export class WatchedRules {
  private readonly stored = new Map<string, Watched>();

  /** The store has changed, as the threads are told. */
  take({ reset, keys = [], goneKeys = [], groups = [] }: IdentityDelta): void {
    if (reset === true) this.stored.clear();
    for (const id of goneKeys) this.stored.delete(entityKey('key', id));
    for (const { id, rules } of keys)
      this.note(entityKey('key', id), WORTH.test(rules) ? (JSON.parse(rules) as KeyRules) : null);
    for (const { kind, id, rules } of groups) this.note(entityKey(kind, id), rules);
  }

  /** Where both define something, the file's counts. */
  of({ keys, entities }: Pick<Config, 'keys' | 'entities'>): Watched[] {
    const all = new Map(this.stored);
    const own = (key: string, one: EntityConfig): void => {
      const watched = watchedOf(one);
      if (watched === null) all.delete(key);
      else all.set(key, watched);
    };
    for (const [key, one] of entities) own(key, one);
    for (const key of keys) own(entityKey('key', key.link.id), key);
    return [...all.values()];
  }

  private note(key: string, rules: EntityConfig | null): void {
    const watched = rules === null ? null : watchedOf(rules);
    if (watched === null) this.stored.delete(key);
    else this.stored.set(key, watched);
  }
}

function watchedOf({ link, access: { expiresMs, disabled } }: EntityConfig): Watched | null {
  if (disabled || (link.budgets.length === 0 && expiresMs === null)) return null;
  return { link, expiresMs };
}
