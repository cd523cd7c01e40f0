import { isDeepStrictEqual } from 'node:util';
import { sectionPath } from '../../config/definitions.js';
import { entityKey } from '../../config/entity-key.js';
import { GROUP_SECTIONS } from '../../config/resolve-entities.js';
import type { Author, Change, ControlStore, Writing } from '../../store/control/control-store.js';
import type { StoredEntity } from '../../store/control/entity-rows.js';
import { StoreError } from '../../store/control/store-error.js';
import { DEFINITION_APIS, type DefinitionApi } from '../definitions/definition-kinds.js';
import {
  type DefinedOver,
  type DefinitionService,
  inFile,
  readId,
} from '../definitions/definition-service.js';
import { ENTITY_APIS, type EntityApi } from '../entity-kinds.js';
import { type EntityService, fieldsOf } from '../entity-service.js';
import { KEY_API } from '../key-service.js';
import { checked } from '../read-spec.js';
import { importKey } from './import-key.js';
import { definitionTexts, plainTexts, type Texts } from './import-texts.js';
import { prune } from './prune.js';
import { type Entry, type ReadImport, readImport } from './read-import.js';

export interface ImportParts {
  readonly store: ControlStore;
  readonly entities: EntityService;
  readonly definitions: DefinitionService;
  readonly over: Pick<DefinedOver, 'config' | 'written'>;
  /** What virtual keys are hashed under. */
  readonly secret: string;
  /** Runs when it is committed; resolves when it is in force. */
  readonly changed: () => Promise<void>;
}

export interface ImportOptions {
  /** What it may not change by itself, it may not in an import either. */
  readonly author: Author;
  /** Says what would happen, and changes nothing. */
  readonly dryRun: boolean;
  /** Of the sections that the text has, what it does not have is deleted. */
  readonly prune: boolean;
  readonly texts: Texts;
}

interface Named {
  readonly kind: string;
  readonly id: string;
}

/** What came of it, or would. */
export interface ImportReport {
  readonly dry_run: boolean;
  readonly created: Named[];
  readonly updated: Named[];
  readonly unchanged: Named[];
  readonly deleted: Named[];
  /** Left as they are; `why` is for people. */
  readonly skipped: (Named & { readonly why: string })[];
  /** Sections that belong into each node's file. */
  readonly ignored: readonly string[];
}

/** What an entry comes to: a change, or why there is none; null: it is there as it should be. */
export type Outcome = Change | { readonly skipped: string } | null;

const IN_FILE = 'the configuration file defines it, and counts';
/** What others may belong to comes before them. */
const GROUPS = Object.entries(GROUP_SECTIONS).map(([kind, section]) => ({
  section,
  api: ENTITY_APIS.find((one) => one.kind === kind) as EntityApi,
}));

/**
 * Takes the text of a `headgate.yaml` into the store, all or nothing: what is not there is made, what differs is changed, and nothing
 * is deleted unless `prune` says so. Done again, it changes nothing. @throws StoreError that says why not
 */
export async function importConfig(
  bytes: Uint8Array,
  parts: ImportParts,
  options: ImportOptions,
): Promise<ImportReport> {
  const { entries, sections, ignored } = readImport(bytes);
  const report: ImportReport = {
    dry_run: options.dryRun,
    created: [],
    updated: [],
    unchanged: [],
    deleted: [],
    skipped: [],
    ignored,
  };
  try {
    const done = await parts.store.changes(options.author, async (writing) => {
      const changes = await importAll({ entries, sections }, parts, options, writing, report);
      // Nothing is noted, not even a number.
      if (options.dryRun || changes.length === 0) throw new Nothing();
      return changes;
    });
    if (done.length > 0) await parts.changed();
  } catch (error) {
    if (!(error instanceof Nothing)) throw error;
  }
  return report;
}

/** Ends a transaction that is to change nothing. */
class Nothing extends Error {}

async function importAll(
  { entries, sections }: Pick<ReadImport, 'entries' | 'sections'>,
  parts: ImportParts,
  { texts, author, prune: prunes }: ImportOptions,
  writing: Writing,
  report: ImportReport,
): Promise<Change[]> {
  const of = (section: string): Entry[] => entries.filter((one) => one.section === section);
  const changes: Change[] = [];
  const named = new Map<string, Set<string>>();
  const note = ({ kind, id }: Named, outcome: Outcome): void => {
    const ids = named.get(kind);
    if (ids === undefined) named.set(kind, new Set([id]));
    else ids.add(id);
    if (outcome === null) report.unchanged.push({ kind, id });
    else if ('skipped' in outcome) report.skipped.push({ kind, id, why: outcome.skipped });
    else {
      const { before, after } = outcome;
      const list = after === null ? report.deleted : before === null ? report.created : report.updated;
      list.push({ kind, id });
      changes.push(outcome);
    }
  };
  const pruneSection = async (
    { kind, section }: { kind: string; section: string },
    remove: Parameters<typeof prune>[3],
  ): Promise<void> => {
    if (!prunes || !sections.has(section)) return;
    for (const change of await prune(kind, named.get(kind) ?? new Set(), writing, remove))
      note(change, change);
  };
  for (const api of DEFINITION_APIS)
    for (const { id, fields } of of(api.section))
      note({ kind: api.kind, id }, await importDefinition(api, id, fields, parts, texts, writing));
  for (const api of DEFINITION_APIS)
    await pruneSection(api, (one) => parts.definitions.removeIn(one, writing));
  if (changes.length > 0) await parts.definitions.check(changes, writing);
  const defined = changes.length;
  for (const { section, api } of GROUPS)
    for (const { id, fields } of of(section))
      note(
        { kind: api.kind, id },
        await at(section, id, () => importGroup(api, id, fields, parts, texts, writing)),
      );
  for (const entry of of('keys')) {
    const { id, outcome } = await at('keys', entry.id, () => importKey(entry, parts, texts, writing));
    note({ kind: 'key', id }, outcome);
  }
  const removeEntity = (api: EntityApi, one: StoredEntity): Promise<Change> =>
    parts.entities.removeIn(api, one, writing);
  await pruneSection({ kind: 'key', section: 'keys' }, async (one) => {
    // Keys that were revoked are in no file, and their names are still wanted where they were used.
    const works = (await writing.hashesOf(one.id)).some(({ untilMs }) => untilMs === null);
    return works ? removeEntity(KEY_API, one) : null;
  });
  // What belongs to others goes before them.
  for (const { section, api } of GROUPS.toReversed())
    await pruneSection({ kind: api.kind, section }, (one) =>
      at(section, one.id, () => removeEntity(api, one)),
    );
  for (const change of changes.slice(defined)) await author.guard?.(change, writing);
  return changes;
}

async function importDefinition(
  api: DefinitionApi,
  given: string,
  fields: Entry['fields'],
  { definitions, over }: ImportParts,
  texts: Texts,
  writing: Writing,
): Promise<Outcome> {
  if (inFile(api, over.written).some((one) => one.id === given)) return { skipped: IN_FILE };
  const id = await at(api.section, given, async () => readId(api, given));
  const before = await writing.entities.find(api.kind, id);
  const wanted = definitionTexts(
    api.kind,
    [...sectionPath(api.section), id],
    fields,
    before?.spec ?? null,
    texts,
  );
  if (before === null) return definitions.insert(api, { id, fields: wanted }, writing);
  if (definitions.isSame(api, before, wanted)) return null;
  return definitions.replace(api, before, wanted, null, writing);
}

async function importGroup(
  api: EntityApi,
  given: string,
  fields: Entry['fields'],
  { entities, over }: ImportParts,
  texts: Texts,
  writing: Writing,
): Promise<Outcome> {
  if (over.config.entities.has(entityKey(api.kind, given))) return { skipped: IN_FILE };
  const id = checked(api.id, given);
  const { name, ...rest } = plainTexts([], fields, texts);
  // The name is the id when none is given.
  const wanted = name === undefined || name === id ? rest : { name, ...rest };
  const draft = entities.draft(api, id, wanted);
  const before = await writing.entities.find(api.kind, id);
  if (before !== null && isDeepStrictEqual(fieldsOf(api, before), wanted)) return null;
  await entities.checkPlace(draft, writing);
  if (before === null) {
    const after = await writing.entities.insert({ kind: api.kind, id, ...draft, state: {} }, writing.now);
    return { action: 'create', kind: api.kind, id, before, after };
  }
  const after = await writing.entities.update({ ...before, ...draft }, null, writing.now);
  return { action: 'update', kind: api.kind, id, before, after };
}

/** Says where it is when something is wrong. */
async function at<T>(section: string, id: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    throw new StoreError(error.code, `${section} "${id.slice(0, 80)}": ${error.message}`);
  }
}
