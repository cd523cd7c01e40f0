import type { Findings } from './findings.js';
import type { Derived, Env } from './interpolate.js';
import { nearest } from './nearest.js';
import type { ProviderHint } from './provider-hint.js';
import type { ParsedProvider } from './sections/providers.js';
import { DEFAULT_TIMEOUTS, resolveTimeouts, type Timeouts } from './sections/timeouts.js';

export interface ProviderSources {
  /** Providers of the file that could be read. */
  parsed: Readonly<Record<string, ParsedProvider>>;
  /** Every id that the file mentions, readable or not: what extends a broken one is not wrong itself. */
  mentioned: ReadonlySet<string>;
  rows: ReadonlyMap<string, ProviderHint>;
  /** Ids of rows that answer inside the process: always there, without base URL or key. */
  builtIn: ReadonlySet<string>;
  /** Wire formats that can be named; null when nobody knows. */
  formats: ReadonlySet<string> | null;
  /** There may be rows and formats beside these: names that nobody knows are not reported. */
  partial: boolean;
  /** Whether a provider of that id is the store's, which may do less than one of the file. */
  stored: (id: string) => boolean;
  env: Env;
  derived: ReadonlyMap<string, Derived>;
}

/** What a provider has from itself and what it extends. */
export interface Inherited {
  row: string;
  baseUrl: string | null;
  formats: Readonly<Record<string, string>> | null;
  stateless: readonly string[] | null;
  /** As the file gives them. */
  variables: Readonly<Record<string, string>>;
  timeouts: Timeouts;
}

const entryOf = (parsed: ProviderSources['parsed'], id: string): ParsedProvider | undefined =>
  Object.hasOwn(parsed, id) ? parsed[id] : undefined;

/** What a provider of the file extends is the file's or built in, whatever the store defines under that id. */
export function isHidden(id: string, from: string | undefined, { stored }: ProviderSources): boolean {
  return from !== undefined && !stored(from) && stored(id);
}

/** Reports each circle of `extends` once. */
export function reportCycles(sources: ProviderSources, findings: Findings): void {
  const { parsed } = sources;
  const done = new Set<string>();
  for (const start of Object.keys(parsed)) {
    const trail: string[] = [];
    let id: string | undefined = start;
    while (id !== undefined && !done.has(id)) {
      done.add(id);
      trail.push(id);
      const next: string | undefined = entryOf(parsed, id)?.extends;
      id = next !== undefined && isHidden(next, id, sources) ? undefined : next;
      const again = id === undefined ? -1 : trail.indexOf(id);
      if (again < 0) continue;
      const circle = [...trail.slice(again), trail[again]!];
      findings.error(['providers', circle[0]!, 'extends'], {
        what: `goes round in a circle: ${circle.join(' → ')}`,
      });
      break;
    }
  }
}

/** Follows `extends` to a built-in row. Null when there is none; reported only at the entry where it is wrong. */
export function inherit(
  id: string,
  sources: ProviderSources,
  findings: Findings,
  trail: string[] = [],
): Inherited | null {
  const { parsed, mentioned, rows } = sources;
  const reporting = trail.length === 0 && !sources.partial;
  const hidden = isHidden(id, trail.at(-1), sources);
  const entry = hidden ? undefined : entryOf(parsed, id);
  if (entry === undefined && mentioned.has(id) && !hidden) return null;
  if (entry?.extends === undefined) {
    const row = rows.get(id);
    if (row === undefined) {
      if (reporting) reportUnknown(id, sources, findings);
      return null;
    }
    const base = {
      row: id,
      baseUrl: row.baseUrl ?? null,
      formats: null,
      stateless: null,
      variables: {},
      timeouts: DEFAULT_TIMEOUTS,
    };
    return entry === undefined ? base : over(base, entry);
  }
  if (trail.includes(id)) return null;
  if (!mentioned.has(entry.extends) && !rows.has(entry.extends)) {
    if (reporting) {
      const suggestion = nearest(entry.extends, [...rows.keys(), ...mentioned]);
      findings.error(['providers', id, 'extends'], {
        what: 'unknown provider',
        value: entry.extends,
        ...(suggestion !== undefined && { suggestion }),
      });
    }
    return null;
  }
  const base = inherit(entry.extends, sources, findings, [...trail, id]);
  return base === null ? null : over(base, entry);
}

function reportUnknown(id: string, sources: ProviderSources, findings: Findings): void {
  const suggestion = nearest(id, sources.rows.keys());
  findings.error(['providers', id], {
    what: 'unknown provider',
    hint: 'a provider that is not built in needs "extends", such as extends: openai',
    at: 'key',
    ...(suggestion !== undefined && { suggestion }),
  });
}

function over(base: Inherited, entry: ParsedProvider): Inherited {
  return {
    row: base.row,
    baseUrl: entry.base_url?.replace(/\/+$/, '') ?? base.baseUrl,
    formats: entry.formats ?? base.formats,
    stateless: entry.stateless ?? base.stateless,
    variables: { ...base.variables, ...entry.variables },
    timeouts: resolveTimeouts(entry.timeouts, base.timeouts),
  };
}
