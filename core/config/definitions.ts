import { valueAt } from './explain.js';
import { type Derived, type Env, type Interpolated, interpolate } from './interpolate.js';
import type { StoredPlace } from './locator.js';
import { type Path, pathKey } from './path.js';

/** What the store may define beside the file, by the section of the file; a dot leads to one within another. */
export const DEFINITION_SECTIONS = {
  provider: 'providers',
  model: 'models',
  price: 'prices',
  plugin: 'plugins',
  mcp_server: 'mcp.servers',
  mcp_virtual_server: 'mcp.virtual',
  billing_rule: 'billing.named',
} as const;
export type DefinitionKind = keyof typeof DEFINITION_SECTIONS;

/** Where a section is in the data of a file. */
export const sectionPath = (section: string): string[] => section.split('.');

/** Something that the store defines, in the words of the file. */
export interface Definition {
  readonly kind: DefinitionKind;
  readonly id: string;
  readonly spec: Readonly<Record<string, unknown>>;
  /** What stands in place of what the spec shows, by {@link pathKey} of the place below the spec. */
  readonly secrets: ReadonlyMap<string, string>;
}

export function definitionKey({ kind, id }: Pick<Definition, 'kind' | 'id'>): string {
  return `${kind}:${id}`;
}

type Json = Record<string, unknown>;

/** The file's data with the definitions of the store among it. */
export interface Overlaid extends Interpolated {
  /** What the file defines itself, by {@link definitionKey}: there the file counts. */
  readonly shadowed: ReadonlySet<string>;
  readonly stored: (path: Path) => StoredPlace | null;
  /** How many plugins the file lists. */
  readonly filePlugins: number;
}

/**
 * Puts the definitions of the store into the data of the file, whose variables are in place already. Variables of the store's
 * own texts are replaced only where the file allows it; credentials are taken as they are.
 */
export function overlay(file: Interpolated, definitions: readonly Definition[], env: Env): Overlaid {
  const data = isMapping(file.data) ? file.data : {};
  const listed = Array.isArray(data['plugins']) ? data['plugins'] : [];
  const ofFile = new Set(pluginIds(listed));
  const isShadowed = ({ kind, id }: Definition): boolean => {
    const section = valueAt(data, sectionPath(DEFINITION_SECTIONS[kind]));
    return kind === 'plugin' ? ofFile.has(id) : isMapping(section) && Object.hasOwn(section, id);
  };
  const taken = definitions.filter((one) => !isShadowed(one));
  const owners = new Map<string, Definition>();
  const secrets = new Map<string, Derived>();
  const sections = new Map<string, [string, unknown][]>();
  for (const one of taken) {
    const section = DEFINITION_SECTIONS[one.kind];
    const entries = sections.get(section) ?? [];
    sections.set(section, entries);
    const place = one.kind === 'plugin' ? listed.length + entries.length : one.id;
    const at = [...sectionPath(section), place];
    owners.set(pathKey(at), one);
    for (const key of one.secrets.keys()) {
      const path = [...at, ...(JSON.parse(key) as Path)];
      secrets.set(pathKey(path), { path, variables: [], template: '' });
    }
    // What logs call a plugin is its id.
    entries.push([one.id, one.kind === 'plugin' ? { ...one.spec, name: one.id } : one.spec]);
  }
  // Plugins stand behind those of the file, so that what is said of their place is right.
  const nothing = listed.map(() => null);
  let stored: Json = {};
  for (const [section, entries] of sections)
    stored =
      section === 'plugins'
        ? { ...stored, plugins: [...nothing, ...entries.map(([, spec]) => spec)] }
        : withEntries(stored, sectionPath(section), Object.fromEntries(entries));
  const filled = interpolate(stored, env, variablesOf(data));
  const ready = filled.data as Json;
  // Last, so that nothing in them is taken for a variable.
  for (const [place, one] of owners) reveal(valueAt(ready, JSON.parse(place) as Path), one);
  let merged = data;
  for (const section of sections.keys()) {
    const path = sectionPath(section);
    const entries = valueAt(ready, path);
    merged =
      section === 'plugins'
        ? { ...merged, plugins: [...listed, ...(entries as unknown[]).slice(listed.length)] }
        : withEntries(merged, path, entries as Json);
  }
  return {
    data: isMapping(file.data) ? merged : file.data,
    derived: new Map([...file.derived, ...filled.derived, ...secrets]),
    problems: [...file.problems, ...filled.problems],
    shadowed: new Set(definitions.filter(isShadowed).map(definitionKey)),
    filePlugins: listed.length,
    stored(path) {
      for (const depth of DEPTHS) {
        const one = owners.get(pathKey(path.slice(0, depth)));
        if (one === undefined) continue;
        const section = sectionPath(DEFINITION_SECTIONS[one.kind]);
        return { owner: definitionKey(one), path: [...section, one.id, ...path.slice(depth)] };
      }
      return null;
    },
  };
}

/** How long the path of a definition is. */
const DEPTHS = [...new Set(Object.values(DEFINITION_SECTIONS).map((one) => sectionPath(one).length + 1))];

/** The data with more entries in one of its sections. */
export function withEntries(data: Json, [first = '', ...rest]: readonly string[], entries: Json): Json {
  const inside = isMapping(data[first]) ? data[first] : {};
  return {
    ...data,
    [first]: rest.length === 0 ? { ...inside, ...entries } : withEntries(inside, rest, entries),
  };
}

/** What plugins of the file are called: their name, else what they use; a second one of the same name has its number. */
export function pluginIds(listed: readonly unknown[]): string[] {
  const seen = new Map<string, number>();
  return listed.map((one) => {
    const { name, use } = isMapping(one) ? one : ({} as Json);
    const id = typeof name === 'string' ? name : typeof use === 'string' ? use : '';
    const count = (seen.get(id) ?? 0) + 1;
    seen.set(id, count);
    return count === 1 ? id : `${id} (${count})`;
  });
}

function reveal(entry: unknown, { secrets }: Definition): void {
  for (const [key, value] of secrets) {
    const path = JSON.parse(key) as Path;
    const around = valueAt(entry, path.slice(0, -1));
    const last = path.at(-1);
    if (typeof around === 'object' && around !== null && last !== undefined) (around as Json)[last] = value;
  }
}

/** Names of `admin.variables`, before anything is checked. */
function variablesOf(data: unknown): ReadonlySet<string> {
  const admin = isMapping(data) ? data['admin'] : undefined;
  const names = isMapping(admin) ? admin['variables'] : undefined;
  return new Set(Array.isArray(names) ? names.filter((one) => typeof one === 'string') : []);
}

export function isMapping(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
