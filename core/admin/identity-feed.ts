import { DEFINITION_SECTIONS } from '../config/definitions.js';
import { type GroupKind, type ParsedGroup, resolveGroup, resolveKeyRules } from '../config/entity.js';
import { GROUP_SECTIONS } from '../config/resolve-entities.js';
import { entitySchemas } from '../config/sections/entities.js';
import { storedKeySchema } from '../config/sections/keys.js';
import { userName } from '../config/user-name.js';
import type { IdentityDelta, StoredKey } from '../identity/stored-keys.js';
import type { AcceptedTools } from '../mcp/hub/pins.js';
import type { SetLevel } from '../observe/log-levels.js';
import type { ControlStore } from '../store/control/control-store.js';
import type { StoredEntity } from '../store/control/entity-rows.js';
import { acceptedTools, PIN_KIND } from './accepted-tools.js';
import { CREDENTIAL_KIND } from './credential-kind.js';
import { storedDefinitions } from './definitions/stored-definition.js';
import { LEVEL_KIND, storedLevels } from './stored-levels.js';

/** How often a node looks whether another one has changed something, while it hears of changes and while it does not. */
const HEARING_MS = 5_000;
const DEAF_MS = 300;
/** Keys handed to the threads at a time. */
const PAGE = 2_000;

export interface FeedParts {
  readonly store: ControlStore;
  /** Resolves when the change is in force in all threads of this node. */
  readonly push: (delta: IdentityDelta) => Promise<void>;
  /** Something has limits or budgets for the first time; resolves when those who count are there. */
  readonly onRules: () => Promise<void>;
  /** What the store defines beside the file is not what it was; resolves when the new ones are in force. */
  readonly onDefinitions: (rows: readonly StoredEntity[]) => Promise<void>;
  /** Tools of MCP servers that were accepted as they are, by `server/tool`. */
  readonly onAccepted?: (accepted: AcceptedTools) => void;
  /** Levels of the log that were set, on this node or another. */
  readonly onLogLevels?: (levels: readonly SetLevel[]) => void;
  /** A key of the store as it is now; null: it is gone. */
  readonly onKey?: (id: string, key: StoredEntity | null) => void;
  /** Somebody's credential for an MCP server is not what it was, or all that somebody had are gone; `server` null: for all. */
  readonly onCredential?: (server: string | null, owner: string) => void;
  readonly log: (level: 'warn' | 'info', message: string, fields: Record<string, unknown>) => void;
}

/**
 * Keeps the threads of this node up to date with the store: its own changes at once, those of other nodes on the same
 * Postgres within a second. Changes are taken one after the other, so that none is undone by an older one.
 */
export class IdentityFeed {
  private known = 0;
  private rules = false;
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private closed = false;
  private failing = false;
  private hears: () => boolean = () => true;
  private watching = false;

  constructor(private readonly parts: FeedParts) {}

  /** Something in the store has limits or budgets. */
  get hasRules(): boolean {
    return this.rules;
  }

  /** Hands everything to the threads. */
  async load(): Promise<void> {
    const { store, push } = this.parts;
    this.known = await store.revision();
    await push({ reset: true, keysExist: await store.keysExist() });
    await this.parts.onDefinitions(await storedDefinitions(store.entities));
    this.parts.onAccepted?.(await acceptedTools(store.entities));
    this.parts.onLogLevels?.(await storedLevels(store.entities));
    for (const kind of Object.keys(GROUP_SECTIONS) as GroupKind[]) {
      for (let after = ''; ; ) {
        const page = await store.entities.list(kind, { after, limit: PAGE });
        await push({ groups: page.map((one) => this.group(kind, one)) });
        if (page.length < PAGE) break;
        after = page.at(-1)!.id;
      }
    }
    for (let after = ''; ; ) {
      const page = await store.keyPage(after, PAGE);
      await push({ keys: page.flatMap(({ key, hashes }) => this.key(key, hashes) ?? []) });
      if (page.length < PAGE) return;
      after = page.at(-1)!.key.id;
    }
  }

  /** Begins to look for changes of others. @param hears whether somebody says when there are any */
  watch(hears: () => boolean): void {
    this.hears = hears;
    this.watching = true;
    this.later();
  }

  /** Takes what was changed since the last look. Rejects when the store does not answer; it is tried again then. */
  look(): Promise<void> {
    const looked = this.running.then(() => this.take());
    this.running = looked.then(
      () => this.later(),
      (error) => this.failed(error),
    );
    return looked;
  }

  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.timer);
    await this.running;
  }

  private later(): void {
    if (this.closed || !(this.watching || this.failing)) return;
    clearTimeout(this.timer);
    const ms = this.failing || !this.hears() ? DEAF_MS : HEARING_MS;
    this.timer = setTimeout(() => void this.look().catch(() => {}), ms);
    this.timer.unref();
  }

  private failed(error: unknown): void {
    if (!this.failing && !this.closed)
      this.parts.log('warn', 'changes of the store cannot be read; what is known stays in force', {
        error: error instanceof Error ? error.message : String(error),
      });
    this.failing = true;
    this.later();
  }

  private async take(): Promise<void> {
    if (this.closed) return;
    const { store, push } = this.parts;
    const changes = await store.changedSince(this.known);
    const last = changes.at(-1);
    if (last !== undefined) {
      const before = this.rules;
      const delta = await this.deltaOf(changes);
      if (this.rules && !before) {
        // First, so that nobody goes without limits meanwhile.
        await this.parts.onRules().catch((error) => {
          this.rules = false;
          throw error;
        });
      }
      if (delta !== null) await push(delta);
      if (changes.some(({ kind }) => kind in DEFINITION_SECTIONS))
        await this.parts.onDefinitions(await storedDefinitions(store.entities));
      if (changes.some(({ kind }) => kind === PIN_KIND))
        this.parts.onAccepted?.(await acceptedTools(store.entities));
      if (changes.some(({ kind }) => kind === LEVEL_KIND))
        this.parts.onLogLevels?.(await storedLevels(store.entities));
      this.known = Number(last.revision);
    }
    if (this.failing) this.parts.log('info', 'the store answers again', {});
    this.failing = false;
  }

  private async deltaOf(changes: readonly { kind: string; id: string }[]): Promise<IdentityDelta | null> {
    const { store } = this.parts;
    const once = new Map(changes.map((one) => [`${one.kind}:${one.id}`, one]));
    const keys: StoredKey[] = [];
    const goneKeys: string[] = [];
    const groups: NonNullable<IdentityDelta['groups']>[number][] = [];
    for (const { kind, id } of once.values()) {
      if (kind === CREDENTIAL_KIND) {
        const space = id.indexOf(' ');
        this.parts.onCredential?.(id.slice(0, space), id.slice(space + 1));
        continue;
      }
      const found = await store.entities.find(kind, id);
      if (found === null) this.parts.onCredential?.(null, `${kind}:${id}`);
      if (kind === 'key') {
        const key = found === null ? null : this.key(found, await store.hashesOf(id));
        if (found === null) this.parts.onKey?.(id, null);
        if (key === null) goneKeys.push(id);
        else keys.push(key);
      } else if (kind in GROUP_SECTIONS) {
        if (found === null) groups.push({ kind: kind as GroupKind, id, rules: null });
        else groups.push(this.group(kind as GroupKind, found));
      }
    }
    // Of sign-ins and the like the threads need to know nothing.
    if (keys.length + goneKeys.length + groups.length === 0) return null;
    return { keys, goneKeys, groups, keysExist: keys.length > 0 };
  }

  /** Checked here, so that the threads need not; null, and said, for what a later version wrote and this one cannot read. */
  private key(entity: StoredEntity, hashes: StoredKey['hashes']): StoredKey | null {
    const { id, name, spec, state } = entity;
    this.note(spec);
    this.parts.onKey?.(id, entity);
    const rules = this.read('key', id, () => resolveKeyRules(id, name, storedKeySchema.parse(spec)));
    return rules === null
      ? null
      : { id, rules: JSON.stringify(rules), hashes, waits: state['sealed'] !== undefined };
  }

  private group(kind: GroupKind, entity: StoredEntity) {
    const { id, name, spec } = entity;
    this.note(spec);
    const names = kind === 'user' ? scimNames(entity) : [];
    const schema = entitySchemas[kind];
    const parsed = () => resolveGroup(kind, id, schema.parse({ name, ...spec }) as ParsedGroup, names);
    return { kind, id, rules: this.read(kind, id, parsed) };
  }

  private read<T>(kind: string, id: string, rules: () => T): T | null {
    try {
      return rules();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.parts.log('warn', 'rules in the store cannot be read: what they are about is refused', {
        kind,
        id,
        error: why,
      });
      return null;
    }
  }

  private note(spec: StoredEntity['spec']): void {
    if ('budget' in spec || 'budgets' in spec || 'limits' in spec) this.rules = true;
  }
}

/** What a user is called by whoever has sent it by SCIM. */
function scimNames({ state }: StoredEntity): string[] {
  const { userName: name, externalId } = (state['scim'] ?? {}) as Record<string, unknown>;
  return [
    ...(typeof name === 'string' ? [userName('scim_user_name', name)] : []),
    ...(typeof externalId === 'string' ? [userName('scim_external_id', externalId)] : []),
  ];
}
