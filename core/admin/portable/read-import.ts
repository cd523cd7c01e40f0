import { DEFINITION_SECTIONS, isMapping, pluginIds, sectionPath } from '../../config/definitions.js';
import { nearest } from '../../config/nearest.js';
import { formatProblems } from '../../config/problem.js';
import { GROUP_SECTIONS } from '../../config/resolve-entities.js';
import { configSchema } from '../../config/schema.js';
import { parseYamlFile } from '../../config/yaml-file.js';
import { StoreError } from '../../store/control/store-error.js';
import type { Fields } from '../definitions/secret-places.js';

/** Largest text that is imported, bytes. */
const MOST_BYTES = 8 * 1024 * 1024;

/** One entry of an import. */
export interface Entry {
  readonly section: string;
  readonly id: string;
  readonly fields: Fields;
}

export interface ReadImport {
  /** By section; in the order of the text. */
  readonly entries: readonly Entry[];
  /** Those of the store that the text has, with or without anything in them. */
  readonly sections: ReadonlySet<string>;
  /** Sections that are no business of the store. */
  readonly ignored: readonly string[];
}

const MAPPINGS = new Set<string>([
  ...Object.values(DEFINITION_SECTIONS).filter((section) => section !== 'plugins'),
  ...Object.values(GROUP_SECTIONS),
]);

/** Reads the text of a `headgate.yaml`, YAML or JSON. @throws StoreError that says where it makes no sense */
export function readImport(bytes: Uint8Array): ReadImport {
  if (bytes.length > MOST_BYTES)
    throw new StoreError('entity_invalid', `the text is larger than ${MOST_BYTES} bytes`);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new StoreError('entity_invalid', 'the text is not UTF-8');
  }
  const { data, problems } = parseYamlFile(text);
  if (problems.length > 0)
    throw new StoreError(
      'entity_invalid',
      formatProblems(problems.slice(0, 5), 'import').replaceAll('\n', '; '),
    );
  if (data === null || data === undefined) return { entries: [], sections: new Set(), ignored: [] };
  if (!isMapping(data))
    throw new StoreError('entity_invalid', 'expected a mapping with sections such as providers and models');
  const entries: Entry[] = [];
  const sections = new Set<string>();
  const ignored: string[] = [];
  for (const [section, inside] of sectionsOf(data)) {
    if (MAPPINGS.has(section) || section === 'plugins' || section === 'keys') sections.add(section);
    if (MAPPINGS.has(section)) entries.push(...inMapping(section, inside));
    else if (section === 'plugins') entries.push(...pluginsIn(inside));
    else if (section === 'keys') entries.push(...keysIn(inside));
    else if (Object.hasOwn(configSchema.shape, String(sectionPath(section)[0]))) ignored.push(section);
    else {
      const near = nearest(section, Object.keys(configSchema.shape));
      const hint = near === undefined ? '' : `, did you mean "${near}"?`;
      throw new StoreError('entity_invalid', `"${section.slice(0, 60)}": unknown section${hint}`);
    }
  }
  return { entries, sections, ignored };
}

/** Sections that have some of the store's within are taken apart. */
function sectionsOf(data: Fields): [string, unknown][] {
  return Object.entries(data).flatMap(([section, inside]): [string, unknown][] => {
    const parted = [...MAPPINGS].some((one) => one.startsWith(`${section}.`));
    if (!parted || !isMapping(inside)) return [[section, inside]];
    return Object.entries(inside).map(([name, one]) => [`${section}.${name}`, one]);
  });
}

function inMapping(section: string, inside: unknown): Entry[] {
  if (inside === null) return [];
  if (!isMapping(inside)) throw new StoreError('entity_invalid', `${section}: expected a mapping`);
  return Object.entries(inside).map(([id, one]) => ({
    section,
    id,
    fields: fieldsAt(section, id, one ?? {}),
  }));
}

function pluginsIn(inside: unknown): Entry[] {
  const listed = listAt('plugins', inside);
  const ids = pluginIds(listed);
  return listed.map((one, index) => {
    const { name: _, ...fields } = fieldsAt('plugins', index, one);
    return { section: 'plugins', id: ids[index] ?? '', fields };
  });
}

function keysIn(inside: unknown): Entry[] {
  return listAt('keys', inside).map((one, index) => {
    const fields = fieldsAt('keys', index, one);
    const { id, name } = fields;
    const known = typeof id === 'string' ? id : typeof name === 'string' ? name : undefined;
    if (known === undefined) throw new StoreError('entity_invalid', `keys[${index}]: a key needs a name`);
    return { section: 'keys', id: known, fields };
  });
}

function listAt(section: string, inside: unknown): unknown[] {
  if (inside === null) return [];
  if (!Array.isArray(inside)) throw new StoreError('entity_invalid', `${section}: expected a list`);
  return inside;
}

function fieldsAt(section: string, place: string | number, value: unknown): Fields {
  if (!isMapping(value))
    throw new StoreError('entity_invalid', `${section}.${String(place).slice(0, 60)}: expected a mapping`);
  return value;
}
