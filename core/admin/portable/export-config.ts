import { Document } from 'yaml';
import { sectionPath, withEntries } from '../../config/definitions.js';
import type { Path } from '../../config/path.js';
import { GROUP_SECTIONS } from '../../config/resolve-entities.js';
import { keyHash } from '../../identity/key-hash.js';
import type { LiveConfig } from '../../live-config.js';
import type { ControlStore } from '../../store/control/control-store.js';
import type { StoredEntity } from '../../store/control/entity-rows.js';
import { DEFINITION_APIS, type DefinitionApi } from '../definitions/definition-kinds.js';
import { inFile } from '../definitions/definition-service.js';
import type { Fields } from '../definitions/secret-places.js';
import { Placeholders } from './placeholders.js';

export interface ExportParts {
  readonly store: ControlStore;
  readonly live: Pick<LiveConfig, 'config' | 'written' | 'outOfForce'>;
  /** What virtual keys are hashed under. */
  readonly secret: string;
}

const PAGE = 1000;
type Comment = readonly [path: Path, text: string];
type Sections = Record<string, unknown>;

/**
 * What the store defines as the text of a `headgate.yaml`, without secrets: variables stand for credentials, hashes for virtual keys.
 *
 * @param of `all`: also what the file defines in the same sections, and of the store only what is in force
 */
export async function exportConfig(of: 'store' | 'all', parts: ExportParts): Promise<string> {
  const comments: Comment[] = [];
  const data: Sections = {
    ...(await definitionsOf(of, parts, comments)),
    ...(await groupsOf(of, parts)),
  };
  const keys = await keysOf(of, parts);
  if (keys.length > 0) data['keys'] = keys;
  const document = new Document(data);
  for (const [path, text] of comments) {
    const node = document.getIn(path, true);
    if (typeof node === 'object' && node !== null) (node as { comment?: string }).comment = ` ${text}`;
  }
  const variables =
    comments.length > 0 ? ' Set the variables below, or write the secrets in their place.' : '';
  document.commentBefore =
    of === 'store'
      ? ` What the store of a Headgate defines.${variables}`
      : ` What a Headgate runs with: its file and its store.${variables}`;
  return document.toString({ lineWidth: 120 });
}

async function definitionsOf(
  of: 'store' | 'all',
  { store, live }: ExportParts,
  comments: Comment[],
): Promise<Sections> {
  const placeholders = new Placeholders();
  let data: Sections = {};
  for (const api of DEFINITION_APIS) {
    const { kind, section } = api;
    const path = sectionPath(section);
    const rows = await all((after) => store.entities.list(kind, { after, limit: PAGE }));
    const mine = of === 'store' ? [] : inFile(api, live.written);
    const stored = rows
      .filter(({ id }) => of === 'store' || live.outOfForce(`${kind}:${id}`) === undefined)
      .map(({ id, spec }) => ({ id, fields: spec }));
    const entries = [...mine, ...stored].map(({ id, fields }, index) => {
      const replaced = placeholders.replace(kind, id, fields);
      for (const { path: place, hint } of replaced.secrets)
        comments.push([[...path, kind === 'plugin' ? index : id, ...place], hint]);
      return [id, named(api, id, replaced.fields)] as const;
    });
    if (entries.length === 0) continue;
    data =
      kind === 'plugin'
        ? { ...data, plugins: entries.map(([, fields]) => fields) }
        : withEntries(data, path, Object.fromEntries(entries));
  }
  return data;
}

/** A plugin has its id as its name, where that is another one. */
function named({ kind }: DefinitionApi, id: string, fields: Fields): Fields {
  if (kind !== 'plugin') return fields;
  const { use, name: _, ...rest } = fields;
  return { use, ...(id !== use && { name: id }), ...rest };
}

async function groupsOf(of: 'store' | 'all', { store, live }: ExportParts): Promise<Sections> {
  const data: Sections = {};
  for (const [kind, section] of Object.entries(GROUP_SECTIONS)) {
    const mine = of === 'store' ? {} : ((live.written[section] ?? {}) as Sections);
    const rows = await all((after) => store.entities.list(kind, { after, limit: PAGE }));
    const stored = rows
      .filter(({ id }) => !Object.hasOwn(mine, id))
      .map(({ id, name, spec }) => [id, literal({ ...(name !== id && { name }), ...spec })]);
    const entries = [...Object.entries(mine), ...stored];
    if (entries.length > 0) data[section] = Object.fromEntries(entries);
  }
  return data;
}

/** Keys that work, by their hash; a secret that only a grace lets work is left out. */
async function keysOf(of: 'store' | 'all', { store, live, secret }: ExportParts): Promise<Fields[]> {
  const written = live.written['keys'];
  const mine = of === 'store' || !Array.isArray(written) ? [] : (written as Fields[]);
  const filed = mine.map(({ value: _, ...rest }, index) => {
    const { value, hash } = live.config.keys[index] ?? {};
    return { ...rest, hash: value == null ? hash : keyHash(secret, value.reveal()) };
  });
  const known = new Set(live.config.keys.map(({ link }) => link.id));
  const found: Fields[] = [];
  for (let after = ''; ; ) {
    const page = await store.keyPage(after, PAGE);
    for (const { key, hashes } of page) {
      const hash = hashes.find(({ untilMs }) => untilMs === null)?.hash;
      if (hash === undefined || (of === 'all' && known.has(key.id))) continue;
      found.push({ id: key.id, ...(literal({ name: key.name, ...key.spec }) as Fields), hash });
    }
    if (page.length < PAGE) break;
    after = page.at(-1)!.key.id;
  }
  return [...filed, ...found];
}

/** What is no text of the file: `${` means nothing there, and must not begin to here. */
function literal(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll('${', () => '$${');
  if (Array.isArray(value)) return value.map(literal);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inside]) => [name, literal(inside)]));
}

async function all(read: (after: string) => Promise<StoredEntity[]>): Promise<StoredEntity[]> {
  const found: StoredEntity[] = [];
  for (let after = ''; ; after = found.at(-1)!.id) {
    const page = await read(after);
    found.push(...page);
    if (page.length < PAGE) return found;
  }
}
