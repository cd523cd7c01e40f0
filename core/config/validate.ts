import type { core } from 'zod';
import { explain, valueAt } from './explain.js';
import type { Findings } from './findings.js';
import type { Derived } from './interpolate.js';
import { ONCE } from './once.js';
import { type Path, pathKey } from './path.js';
import { configSchema, type ParsedConfig } from './schema.js';

/** What could be read of a file, for the checks that need more than one value. */
export interface Validated {
  parsed: ParsedConfig;
  /** Where item i of a parsed list stands in the file: items that did not parse are left out. */
  keyIndex: readonly number[];
  pluginIndex: readonly number[];
}

type Mapping = Record<string, unknown>;
type Issue = core.$ZodIssue;

const isMapping = (value: unknown): value is Mapping =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** `models:` with nothing below it is what stays when its entries are commented out; so is `openai:` below providers. */
function fillEmpty(data: Mapping): Mapping {
  const filled: Mapping = {};
  for (const [name, value] of Object.entries(data)) if (value !== null) filled[name] = value;
  if (isMapping(filled['providers'])) {
    filled['providers'] = Object.fromEntries(
      Object.entries(filled['providers']).map(([id, value]) => [id, value === null ? {} : value]),
    );
  }
  return filled;
}

/** Paths of all issues, those within unions too. */
function* issuePaths(issues: readonly Issue[], prefix: Path = []): Generator<Path> {
  for (const issue of issues) {
    const path = [...prefix, ...(issue.path as Path)];
    yield path;
    if (issue.code === 'invalid_union')
      for (const branch of issue.errors) yield* issuePaths(branch as Issue[], path);
  }
}

/**
 * A variable is always text, so `port: ${PORT}` gives "8080". Where the schema refuses a text that came from a variable
 * and that reads as a number or boolean, it becomes one. Returns whether anything changed.
 */
function retypeVariables(
  data: unknown,
  issues: readonly Issue[],
  derived: ReadonlyMap<string, Derived>,
): boolean {
  let changed = false;
  for (const path of issuePaths(issues)) {
    const last = path.at(-1);
    if (last === undefined || !derived.has(pathKey(path))) continue;
    const parent = valueAt(data, path.slice(0, -1)) as Record<string | number, unknown>;
    const text = parent[last];
    if (typeof text !== 'string') continue;
    if (text === 'true' || text === 'false') parent[last] = text === 'true';
    else if (/^-?\d+(\.\d+)?$/.test(text)) parent[last] = Number(text);
    else continue;
    changed = true;
  }
  return changed;
}

/** Leaves out every entry that has an issue, so that the rest can still be looked at. */
function salvage(
  data: Mapping,
  issues: readonly Issue[],
): { data: Mapping; dropped: Map<string, Set<number>> } {
  const rest: Mapping = { ...data };
  const dropped = new Map<string, Set<number>>();
  for (const issue of issues) {
    const [section, entry] = issue.path as Path;
    if (section === undefined) {
      if (issue.code === 'unrecognized_keys') for (const key of issue.keys) delete rest[key];
      continue;
    }
    const name = String(section);
    if (typeof entry === 'number' && Array.isArray(rest[name])) {
      const indices = dropped.get(name) ?? new Set<number>();
      dropped.set(name, indices.add(entry));
    } else if (
      (name === 'providers' || name === 'models' || name === 'prices') &&
      entry !== undefined &&
      isMapping(rest[name])
    ) {
      const entries: Mapping = { ...rest[name] };
      delete entries[entry];
      rest[name] = entries;
    } else delete rest[name];
  }
  for (const [name, indices] of dropped) {
    const list = rest[name];
    if (Array.isArray(list)) rest[name] = list.filter((_, index) => !indices.has(index));
  }
  return { data: rest, dropped };
}

/** Checks `data` against the schema, reports what is wrong, and returns what is right; null when nothing can be read. */
export function validate(
  data: unknown,
  derived: ReadonlyMap<string, Derived>,
  findings: Findings,
): Validated | null {
  if (!isMapping(data)) return null;
  const filled = fillEmpty(data);
  let result = configSchema.safeParse(filled, ONCE);
  // A second round, as a union may show its inner issues only after the first one is gone.
  for (let round = 0; round < 2 && !result.success; round++) {
    if (!retypeVariables(filled, result.error.issues, derived)) break;
    result = configSchema.safeParse(filled, ONCE);
  }
  if (result.success) {
    return {
      parsed: result.data,
      keyIndex: [...result.data.keys.keys()],
      pluginIndex: [...result.data.plugins.keys()],
    };
  }
  explain(result.error.issues, filled, findings);
  const kept = salvage(filled, result.error.issues);
  const again = configSchema.safeParse(kept.data, ONCE);
  if (!again.success) return null;
  const indices = (name: string): number[] => {
    const all = Array.isArray(filled[name]) ? [...filled[name].keys()] : [];
    return all.filter((index) => !kept.dropped.get(name)?.has(index));
  };
  return { parsed: again.data, keyIndex: indices('keys'), pluginIndex: indices('plugins') };
}
