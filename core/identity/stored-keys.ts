import type { EntityConfig, GroupKind, KeyRules } from '../config/entity.js';
import { entityKey } from '../config/entity-key.js';

/** A hash that a key is found by, and until when: the one before a rotation ends when its grace does. */
export interface StoredHash {
  readonly hash: string;
  /** Unix milliseconds; null: as long as the key. */
  readonly untilMs: number | null;
}

/** A key as it is handed to the threads: its rules are text until somebody uses it, since most keys rest. */
export interface StoredKey {
  readonly id: string;
  /** `KeyRules` as JSON. */
  readonly rules: string;
  readonly hashes: readonly StoredHash[];
  /** A new secret is there that its holder has not fetched. */
  readonly waits?: boolean;
}

/** What has changed in the store, for the threads that identify callers. */
export interface IdentityDelta {
  /** Forget everything first. */
  readonly reset?: boolean;
  readonly keys?: readonly StoredKey[];
  readonly goneKeys?: readonly string[];
  /** `rules` null: it is gone, and what belongs to it is refused. */
  readonly groups?: readonly {
    readonly kind: GroupKind;
    readonly id: string;
    readonly rules: EntityConfig | null;
  }[];
  /** Keys were made in the store: from then on the data plane needs one, unless the configuration says otherwise. */
  readonly keysExist?: boolean;
}

/** What a change is about, as `entityKey` names it; null: anything. */
export type Changed = ReadonlySet<string> | null;

/** The store's keys and what they belong to, as one I/O thread has them. */
export class StoredKeys {
  /** Another one after every change, so that what was derived from it is known to be old. */
  generation = 0;
  keysExist = false;
  /** Some keys are kept as LiteLLM keeps them. */
  plainHashes = false;
  private readonly byHash = new Map<string, StoredKey>();
  private readonly byId = new Map<string, StoredKey>();
  private readonly groups = new Map<string, EntityConfig>();
  /** Users by what they are called beside their ids. */
  private readonly named = new Map<string, Set<string>>();

  /** Returns what the change is about. */
  apply(delta: IdentityDelta): Changed {
    this.generation++;
    if (delta.reset === true) {
      this.byHash.clear();
      this.byId.clear();
      this.groups.clear();
      this.named.clear();
    }
    if (delta.keysExist === true) this.keysExist = true;
    for (const id of delta.goneKeys ?? []) this.forget(id);
    for (const key of delta.keys ?? []) {
      this.forget(key.id);
      this.byId.set(key.id, key);
      for (const { hash } of key.hashes) {
        this.byHash.set(hash, key);
        if (hash.startsWith('sha256:')) this.plainHashes = true;
      }
    }
    for (const { kind, id, rules } of delta.groups ?? []) {
      this.rename(id, this.groups.get(entityKey(kind, id)), rules);
      if (rules === null) this.groups.delete(entityKey(kind, id));
      else this.groups.set(entityKey(kind, id), rules);
    }
    return changedBy(delta);
  }

  find(hash: string): { rules: KeyRules; untilMs: number | null; waits: boolean } | null {
    const key = this.byHash.get(hash);
    if (key === undefined) return null;
    const untilMs = key.hashes.find((one) => one.hash === hash)?.untilMs ?? null;
    return { rules: JSON.parse(key.rules) as KeyRules, untilMs, waits: key.waits === true };
  }

  /** Null when there is no key of that id, or none of its secrets is in force. */
  rulesOf(id: string): KeyRules | null {
    const key = this.byId.get(id);
    return key === undefined || key.hashes.length === 0 ? null : (JSON.parse(key.rules) as KeyRules);
  }

  group(key: string): EntityConfig | undefined {
    return this.groups.get(key);
  }

  /** Ids of the users of that name, see `userName`. */
  usersNamed(name: string): readonly string[] {
    return [...(this.named.get(name) ?? [])];
  }

  get hasRequestGroups(): boolean {
    for (const name of this.groups.keys())
      if (name.startsWith('customer:') || name.startsWith('tag:')) return true;
    return false;
  }

  private rename(id: string, before: EntityConfig | undefined, after: EntityConfig | null): void {
    for (const name of before?.names ?? []) {
      const ids = this.named.get(name);
      ids?.delete(id);
      if (ids?.size === 0) this.named.delete(name);
    }
    for (const name of after?.names ?? []) this.named.set(name, (this.named.get(name) ?? new Set()).add(id));
  }

  private forget(id: string): void {
    const key = this.byId.get(id);
    if (key === undefined) return;
    this.byId.delete(id);
    for (const { hash } of key.hashes) this.byHash.delete(hash);
  }
}

function changedBy({ keys = [], goneKeys = [], groups = [] }: IdentityDelta): Changed {
  return new Set([
    ...keys.map(({ id }) => entityKey('key', id)),
    ...goneKeys.map((id) => entityKey('key', id)),
    ...groups.map(({ kind, id }) => entityKey(kind, id)),
  ]);
}
