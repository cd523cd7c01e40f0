import type { VariableConfig } from './config.js';
import type { FindingParts } from './findings.js';
import { fillHoles, holesIn } from './holes.js';
import type { Env } from './interpolate.js';
import { nearest } from './nearest.js';
import type { ProviderHint, VariableHint } from './provider-hint.js';

/** A provider whose variables are wanted. */
export interface VariableSources {
  readonly row: ProviderHint;
  readonly baseUrl: string | null;
  /** Wire formats and their paths, the file's or the row's. */
  readonly formats: Readonly<Record<string, string>>;
  /** What the file says. */
  readonly given: Readonly<Record<string, string>>;
  readonly env: Env;
}

export interface VariableProblem {
  readonly name: string;
  /** The file gives it a value: the problem is there. */
  readonly inFile: boolean;
  readonly parts: FindingParts;
}

export interface ResolvedVariables {
  readonly values: ReadonlyMap<string, VariableConfig>;
  readonly problems: readonly VariableProblem[];
}

/** It becomes a part of a URL: nothing in it may end a host or begin another part. */
const VALUE = /^[A-Za-z0-9][A-Za-z0-9._~:@-]*$/;
const HOST = /^[A-Za-z0-9.-]+(:\d+)?$/;

/** The variables that a provider's address, paths, headers, signer and body fields need, with what is wrong with them. */
export function resolveVariables(sources: VariableSources): ResolvedVariables {
  const { row, given } = sources;
  const known = row.variables ?? {};
  const values = new Map<string, VariableConfig>();
  const problems: VariableProblem[] = [];
  /** Being looked for: a default that leads back to itself is none. */
  const open = new Set<string>();
  const wanted = new Set(textsOf(sources).flatMap(holesIn));
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(known, name)) wanted.add(name);
    else problems.push({ name, inFile: true, parts: unknown(name, row) });
  }
  for (const name of wanted) settle(name);
  const url = sources.baseUrl;
  if (problems.length === 0 && url !== null && !HOST.test(hostOf(fillHoles(url, textValues(values))))) {
    const [name = ''] = holesIn(hostOf(url));
    problems.push({
      name,
      inFile: Object.hasOwn(given, name),
      parts: { expected: 'a part of a host name', value: values.get(name)?.value },
    });
  }
  return { values, problems };

  function settle(name: string): void {
    const hint = Object.hasOwn(known, name) ? known[name] : undefined;
    if (hint === undefined || values.has(name) || open.has(name)) return;
    open.add(name);
    const found = find(name, hint);
    open.delete(name);
    if (found === undefined) {
      // One whose default lacks another variable is not missing itself: that one is, and is reported.
      if (template(hint) === undefined && !problems.some((problem) => problem.name === name))
        problems.push({ name, inFile: false, parts: missing(name, hint) });
      return;
    }
    if (!VALUE.test(found.value)) {
      const inFile = found.source === 'file';
      const shown = inFile
        ? { value: found.value }
        : { found: `the value of ${found.source.replace('env ', '')}` };
      problems.push({
        name,
        inFile,
        parts: {
          what: `${name}: not a possible value`,
          expected: 'letters, digits and ". _ ~ : @ -"',
          ...shown,
        },
      });
    }
    values.set(name, found);
  }

  function find(name: string, hint: VariableHint): VariableConfig | undefined {
    const written = Object.hasOwn(given, name) ? given[name] : undefined;
    if (written !== undefined) return { value: bare(written), source: 'file' };
    for (const variable of hint.env ?? []) {
      const value = sources.env[variable]?.trim();
      if (value) return { value: bare(value), source: `env ${variable}` };
    }
    const text = template(hint);
    if (text === undefined) return undefined;
    for (const inner of holesIn(text)) settle(inner);
    const filled = fillHoles(text, textValues(values));
    return holesIn(filled).length > 0 ? undefined : { value: filled, source: 'default' };
  }

  function template(hint: VariableHint): string | undefined {
    if (hint.cases === undefined) return hint.default;
    settle(hint.cases.of);
    const at = values.get(hint.cases.of)?.value ?? '';
    return Object.hasOwn(hint.cases.is, at) ? hint.cases.is[at] : hint.default;
  }
}

/** By name, for filling holes. */
export function textValues(values: ReadonlyMap<string, VariableConfig>): Map<string, string> {
  return new Map([...values].map(([name, { value }]) => [name, value]));
}

function textsOf({ row, baseUrl, formats }: VariableSources): string[] {
  const fields = Object.values(row.body ?? {}).flatMap(({ set }) => Object.values(set ?? {}));
  return [
    baseUrl ?? '',
    ...Object.values(formats),
    ...Object.values(row.paths ?? {}),
    ...Object.values(row.adapters ?? {}),
    ...Object.values(row.headers ?? {}),
    ...Object.values(row.signerOptions ?? {}),
    ...fields.filter((value) => typeof value === 'string'),
  ];
}

/** Some variables of other tools hold `https://host/` where a host is meant. */
function bare(value: string): string {
  return value
    .trim()
    .replace(/^https?:\/\//, '')
    .replace(/\/+$/, '');
}

function hostOf(url: string): string {
  return url.replace(/^https?:\/\//, '').split('/', 1)[0] ?? '';
}

function missing(name: string, { description, env = [] }: VariableHint): FindingParts {
  const variables = env.length === 0 ? '' : `, or set ${env.join(' or ')}`;
  return { what: `needs "${name}", ${description}`, hint: `add variables: { ${name}: … }${variables}` };
}

function unknown(name: string, row: ProviderHint): FindingParts {
  const known = Object.keys(row.variables ?? {});
  const suggestion = nearest(name, known);
  if (suggestion !== undefined) return { what: 'unknown variable', suggestion, at: 'key' };
  if (known.length === 0) return { what: 'unknown variable', hint: `${row.id} has none`, at: 'key' };
  return { what: 'unknown variable', expected: `one of ${known.join(', ')}`, at: 'key' };
}
