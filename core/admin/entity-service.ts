import { randomBytes } from 'node:crypto';
import type { EntityConfig } from '../config/entity.js';
import { entityKey } from '../config/entity-key.js';
import type { Author, Change, ControlStore, Writing } from '../store/control/control-store.js';
import type { NewEntity, StoredEntity } from '../store/control/entity-rows.js';
import { StoreError } from '../store/control/store-error.js';
import type { EntityApi } from './entity-kinds.js';
import { checked } from './read-spec.js';

export type Fields = Readonly<Record<string, unknown>>;

/** What a client says of an entity, checked: its place and name apart from the rest. */
export interface Draft {
  readonly name: string;
  readonly parent: string | null;
  readonly userId: string | null;
  readonly spec: Fields;
}

/** Creates, changes and deletes entities of every kind. Rejects with a StoreError that says why not. */
export class EntityService {
  constructor(
    private readonly store: ControlStore,
    /** Of the file: what it defines is read-only here. */
    private readonly inFile: (key: string) => EntityConfig | undefined,
    /** Runs when a change is committed; resolves when it is in force. */
    private readonly changed: () => Promise<void>,
  ) {}

  async create(api: EntityApi, given: Fields, author: Author): Promise<StoredEntity> {
    const { id: wanted, ...fields } = given;
    const id = wanted === undefined ? newId(api) : checked(api.id, wanted);
    this.refuseFile(api, id);
    const draft = this.draft(api, id, fields);
    return this.commit(author, async (writing) => {
      await this.checkPlace(draft, writing);
      const after = await writing.entities.insert({ kind: api.kind, id, ...draft, state: {} }, writing.now);
      return { action: 'create', kind: api.kind, id, before: null, after };
    });
  }

  /** @param replace all fields are given; otherwise those that are given change, and null takes one away */
  async update(
    api: EntityApi,
    id: string,
    { version, ...given }: Fields,
    author: Author,
    replace: boolean,
  ): Promise<StoredEntity> {
    this.refuseFile(api, id);
    const expected = readVersion(version);
    return this.commit(author, async (writing) => {
      const before = await writing.entities.get(api.kind, id);
      const draft = this.draft(api, id, replace ? given : merged(fieldsOf(api, before), given));
      await this.checkPlace(draft, writing);
      const after = await writing.entities.update({ ...before, ...draft }, expected, writing.now);
      return { action: 'update', kind: api.kind, id, before, after };
    });
  }

  async remove(api: EntityApi, id: string, version: unknown, author: Author): Promise<void> {
    this.refuseFile(api, id);
    const expected = readVersion(version);
    await this.commit(author, async (writing) => {
      const before = await writing.entities.get(api.kind, id);
      if (expected !== null && expected !== before.version)
        throw new StoreError(
          'version_conflict',
          `${api.kind} "${id}" is at version ${before.version} by now`,
        );
      return this.removeIn(api, before, writing);
    });
  }

  /** Takes it away with all that is its alone. Rejects with a StoreError while something else belongs to it. */
  async removeIn({ kind }: EntityApi, before: StoredEntity, writing: Writing): Promise<Change> {
    const { id } = before;
    if (kind === 'key') await writing.setHashes(id, []);
    if (kind === 'user') await writing.people.forgetUser(id);
    await writing.credentials.forgetOwner(entityKey(kind, id));
    await writing.entities.remove(kind, id);
    return { action: 'delete', kind, id, before, after: null };
  }

  async commit(author: Author, work: (writing: Writing) => Promise<Change>): Promise<StoredEntity> {
    const change = await this.store.change(author, work);
    // What was made is there, and its secret is told only now: others may be late to know it.
    const made = ['create', 'import', 'rotate'].includes(change.action);
    await this.changed().catch((error) => {
      if (!made) throw error;
    });
    return (change.after ?? change.before) as StoredEntity;
  }

  /** @throws StoreError about what does not fit the kind's schema */
  draft(api: EntityApi, id: string, fields: Fields): Draft {
    // Defaults are put in where it is read, so that what is kept is what was said.
    checked(api.schema, fields);
    const { name, ...spec } = fields;
    const nearest = api.parents.find((kind) => spec[kind] !== undefined);
    return {
      name: typeof name === 'string' ? name : id,
      parent: nearest === undefined ? null : entityKey(nearest, String(spec[nearest])),
      userId: api.kind === 'key' && typeof spec['user'] === 'string' ? spec['user'] : null,
      spec,
    };
  }

  /** What it belongs to must be there, in the file or in the store. */
  async checkPlace(
    { parent, userId }: Pick<NewEntity, 'parent' | 'userId'>,
    writing: Writing,
  ): Promise<void> {
    const names = [parent, userId === null ? null : entityKey('user', userId)].filter(
      (name) => name !== null,
    );
    for (const name of names) {
      if (this.inFile(name) !== undefined) continue;
      const colon = name.indexOf(':');
      const [kind, id] = [name.slice(0, colon), name.slice(colon + 1)];
      if ((await writing.entities.find(kind, id)) === null)
        throw new StoreError('entity_invalid', `there is no ${kind} "${id}" that it could belong to`);
    }
  }

  refuseFile(api: EntityApi, id: string): void {
    if (this.inFile(entityKey(api.kind, id)) !== undefined) throw new ReadOnly(api.kind, id);
  }
}

/** Something that the configuration file defines. */
export class ReadOnly extends Error {
  override readonly name = 'ReadOnly';
  constructor(kind: string, id: string) {
    super(`${kind} "${id}" is defined in the configuration file, which counts; change it there`);
  }
}

/** The fields that a client would give to make the same entity. */
export function fieldsOf(api: EntityApi, { name, spec, id }: StoredEntity): Fields {
  return name === id && api.kind !== 'key' ? spec : { name, ...spec };
}

/** As RFC 7396 has it for the topmost fields: null takes one away. */
export function merged(before: Fields, given: Fields): Fields {
  return Object.fromEntries(Object.entries({ ...before, ...given }).filter(([, value]) => value !== null));
}

function newId({ prefix, kind }: EntityApi): string {
  if (prefix === null)
    throw new StoreError('entity_invalid', `a ${kind} needs an "id": what requests call it`);
  // Begins with the time, so that lists are in the order in which things were made.
  return prefix + Date.now().toString(36).padStart(9, '0') + randomBytes(8).toString('hex');
}

export function readVersion(given: unknown): number | null {
  if (given === undefined) return null;
  const version = typeof given === 'string' ? Number(given.replace(/^(W\/)?"(.*)"$/, '$2')) : given;
  if (typeof version !== 'number' || !Number.isSafeInteger(version) || version < 1)
    throw new StoreError(
      'entity_invalid',
      'version: expected the whole number that the entity was read with',
    );
  return version;
}
