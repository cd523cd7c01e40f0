import { isDeepStrictEqual } from 'node:util';
import type { Config } from '../../config/config.js';
import { DEFINITION_SECTIONS, isMapping, pluginIds, sectionPath } from '../../config/definitions.js';
import { valueAt } from '../../config/explain.js';
import type { LayeredConfig } from '../../plugin/load-config.js';
import type { Author, Change, ControlStore, Writing } from '../../store/control/control-store.js';
import type { StoredEntity } from '../../store/control/entity-rows.js';
import { StoreError } from '../../store/control/store-error.js';
import { merged, ReadOnly, readVersion } from '../entity-service.js';
import { checked } from '../read-spec.js';
import { resealCredentials } from '../reseal-credentials.js';
import type { DefinitionApi } from './definition-kinds.js';
import { SealError, Sealer } from './sealer.js';
import { type Fields, type Split, splitSecrets } from './secret-places.js';
import { opened, sealedOf, sealedState, storedDefinitions } from './stored-definition.js';

/** The configuration that definitions of the store are put over. */
export interface DefinedOver {
  /** In use. */
  readonly config: Config;
  /** What the file says. */
  readonly written: LayeredConfig['written'];
  /** Why a configuration with these definitions cannot be used; empty when it can. */
  try(rows: readonly StoredEntity[], asked: ReadonlySet<string>): Promise<ReadonlyMap<string, string>>;
}

/** One definition as a client wants it. */
export interface Wanted {
  readonly id: string;
  readonly fields: Fields;
}

/** Creates, changes and deletes what the store defines. Rejects with a StoreError that says why not, and nothing is stored then. */
export class DefinitionService {
  constructor(
    private readonly store: ControlStore,
    private readonly over: DefinedOver,
    /** Runs when a change is committed; resolves when it is in force. */
    private readonly changed: () => Promise<void>,
  ) {}

  async create(api: DefinitionApi, given: Fields, author: Author): Promise<StoredEntity> {
    const { id: wanted, ...fields } = given;
    const id = readId(api, wanted ?? api.idOf(fields));
    this.refuseFile(api, id);
    return this.commit(author, (writing) => this.insert(api, { id, fields }, writing));
  }

  /** @param replace all fields are given; otherwise those that are given change, and null takes one away */
  async update(
    api: DefinitionApi,
    id: string,
    { version, ...given }: Fields,
    author: Author,
    replace: boolean,
  ): Promise<StoredEntity> {
    this.refuseFile(api, id);
    const expected = readVersion(version);
    return this.commit(author, async (writing) => {
      const before = await writing.entities.get(api.kind, id);
      const fields = replace ? given : merged(before.spec, given);
      return this.replace(api, before, fields, expected, writing);
    });
  }

  async remove(api: DefinitionApi, id: string, version: unknown, author: Author): Promise<void> {
    this.refuseFile(api, id);
    const expected = readVersion(version);
    await this.commit(author, async (writing) => {
      const before = await writing.entities.get(api.kind, id);
      if (expected !== null && expected !== before.version)
        throw new StoreError(
          'version_conflict',
          `${api.kind} "${id}" is at version ${before.version} by now`,
        );
      return this.removeIn(before, writing);
    });
  }

  async removeIn(before: StoredEntity, writing: Writing): Promise<Change> {
    const { kind, id } = before;
    await writing.entities.remove(kind, id);
    return { action: 'delete', kind, id, before, after: null };
  }

  async insert(api: DefinitionApi, { id, fields }: Wanted, writing: Writing): Promise<Change> {
    const { kind } = api;
    const split = splitSecrets(kind, fields, null);
    const state = sealedState(kind, id, split, this.sealer);
    const row = { kind, id, name: id, parent: null, userId: null, spec: split.spec, state };
    return {
      action: 'create',
      kind,
      id,
      before: null,
      after: await writing.entities.insert(row, writing.now),
    };
  }

  async replace(
    { kind }: DefinitionApi,
    before: StoredEntity,
    fields: Fields,
    expected: number | null,
    writing: Writing,
  ): Promise<Change> {
    const split = splitSecrets(kind, fields, () => this.known(before));
    const state = sealedState(kind, before.id, split, this.sealer);
    const row = { ...before, spec: split.spec, state };
    const after = await writing.entities.update(row, expected, writing.now);
    return { action: 'update', kind, id: before.id, before, after };
  }

  /** Whether a change to these fields would change nothing. */
  isSame({ kind }: DefinitionApi, before: StoredEntity, fields: Fields): boolean {
    const sealed = sealedOf(before.state);
    const split = splitSecrets(kind, fields, () => this.known(before));
    if (!isDeepStrictEqual(split.spec, before.spec)) return false;
    if (Object.keys(sealed).length !== split.secrets.size) return false;
    try {
      const { secrets } = opened(before, this.sealer);
      return [...split.secrets].every(([key, secret]) => secrets.get(key) === secret);
    } catch {
      // What cannot be opened is made anew.
      return false;
    }
  }

  /** Throws a StoreError when the configuration would not do with the changes that were made. */
  async check(changes: readonly Change[], writing: Writing): Promise<void> {
    const rows = await storedDefinitions(writing.entities);
    const asked = new Set(changes.map(({ kind, id }) => `${kind}:${id}`));
    const wrong = await this.over.try(rows, asked);
    if (wrong.size === 0) return;
    const why = [...wrong.values()].slice(0, 5).join('; ');
    const removing = changes.every(({ after }) => after === null);
    throw new StoreError(removing ? 'entity_in_use' : 'entity_invalid', why);
  }

  refuseFile(api: DefinitionApi, id: string): void {
    if (inFile(api, this.over.written).some((one) => one.id === id)) throw new ReadOnly(api.kind, id);
  }

  /** Seals everything under the first key again. Resolves to how many definitions were under another one. */
  async reseal(author: Author): Promise<number> {
    const { sealer } = this;
    const changes = await this.store.changes(author, async (writing) => {
      const rows = await storedDefinitions(writing.entities);
      const old = rows.filter(({ state }) => !isCurrent(state, sealer));
      const done: Change[] = [];
      for (const before of old) {
        const state = sealedState(
          before.kind as DefinitionApi['kind'],
          before.id,
          this.known(before),
          sealer,
        );
        const after = await writing.entities.update({ ...before, state }, null, writing.now);
        done.push({ action: 'reseal', kind: before.kind, id: before.id, before, after });
      }
      return [...done, ...(await resealCredentials(writing, sealer))];
    });
    if (changes.length > 0) await this.changed();
    return changes.length;
  }

  private async commit(author: Author, work: (writing: Writing) => Promise<Change>): Promise<StoredEntity> {
    const change = await this.store.change(author, async (writing) => {
      const done = await work(writing);
      await this.check([done], writing);
      return done;
    });
    await this.changed();
    return (change.after ?? change.before) as StoredEntity;
  }

  /** What is stored with its secrets, which a change may leave as they are. */
  private known(before: StoredEntity): Split {
    try {
      return opened(before, this.sealer);
    } catch (error) {
      if (!(error instanceof SealError)) throw error;
      throw new StoreError(
        'entity_invalid',
        `${before.kind} "${before.id}": ${error.message}; give its secrets anew`,
      );
    }
  }

  private get sealer(): Sealer {
    return new Sealer(this.over.config.admin.encryptionKey);
  }
}

/** What the file defines of a kind, in its own words. */
export function inFile({ section }: DefinitionApi, written: LayeredConfig['written']): Wanted[] {
  const entries = valueAt(written, sectionPath(section));
  if (section === DEFINITION_SECTIONS.plugin) {
    const listed = Array.isArray(entries) ? entries : [];
    const ids = pluginIds(listed);
    return listed.map((one, index) => ({ id: ids[index] ?? '', fields: isMapping(one) ? one : {} }));
  }
  return Object.entries(isMapping(entries) ? entries : {}).map(([id, one]) => ({
    id,
    fields: isMapping(one) ? one : {},
  }));
}

export function readId({ id: schema, kind }: DefinitionApi, given: unknown): string {
  if (given === undefined)
    throw new StoreError('entity_invalid', `a ${kind} needs an "id": what it is called in the file`);
  const id = checked(schema, given);
  if (id === '__proto__') throw new StoreError('entity_invalid', `a ${kind} cannot be called that`);
  return id;
}

function isCurrent(state: Fields, sealer: Sealer): boolean {
  return Object.values(sealedOf(state)).every((text) => sealer.isCurrent(text));
}
