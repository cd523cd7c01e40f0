import type { ProviderConfig, ProviderKeyConfig } from './config.js';
import type { Findings } from './findings.js';
import { fillHoles } from './holes.js';
import { inherit, type ProviderSources, reportCycles } from './inherit-provider.js';
import type { Env } from './interpolate.js';
import { nearest } from './nearest.js';
import { pathKey } from './path.js';
import type { ProviderHint } from './provider-hint.js';
import { resolveVariables, textValues, type VariableProblem } from './resolve-variables.js';
import { Secret } from './secret.js';
import type { ParsedProvider } from './sections/providers.js';
import { DEFAULT_TIMEOUTS } from './sections/timeouts.js';
import { checkStoredProvider, isMoved } from './stored-provider.js';

/** The key of a row from the environment, or undefined. */
function keyFromEnv(row: ProviderHint, env: Env): ProviderKeyConfig | undefined {
  for (const name of row.keyEnv) {
    // A trailing line break is what `export KEY=$(cat file)`-like set-ups of containers leave.
    const value = env[name]?.trim();
    if (value)
      return { value: new Secret(value), weight: 1, name: null, models: null, source: `env ${name}` };
  }
  return undefined;
}

/** A row as it is without any entry in the file; with what is wrong when its variables are not all there. */
export function plainProvider(
  row: ProviderHint,
  keys: readonly ProviderKeyConfig[],
  origin: ProviderConfig['origin'],
  env: Env,
): { provider: ProviderConfig; problems: readonly VariableProblem[] } {
  const baseUrl = row.baseUrl ?? null;
  const { values, problems } = resolveVariables({ row, baseUrl, formats: row.formats ?? {}, given: {}, env });
  const provider: ProviderConfig = {
    id: row.id,
    row: row.id,
    extends: null,
    baseUrl: filled(baseUrl, values),
    variables: values,
    keys,
    headers: new Map(),
    formats: null,
    stateless: null,
    timeouts: DEFAULT_TIMEOUTS,
    priceId: row.prices ?? row.id,
    free: row.free ?? false,
    origin,
  };
  return { provider, problems };
}

function filled(baseUrl: string | null, values: ProviderConfig['variables']): string | null {
  return baseUrl === null ? null : fillHoles(baseUrl, textValues(values));
}

function fileKeys(
  id: string,
  entry: ParsedProvider,
  sources: ProviderSources,
  findings: Findings,
): ProviderKeyConfig[] {
  const keys = entry.keys ?? [];
  const seen = new Map<string, number>();
  for (const [index, key] of keys.entries()) {
    const first = seen.get(key.value);
    if (first === undefined) seen.set(key.value, index);
    else
      findings.warn(['providers', id, 'keys', index, 'value'], {
        what: `the same key as providers.${id}.keys[${first}]`,
      });
  }
  if (keys.length > 0 && keys.every((key) => key.weight === 0)) {
    findings.error(['providers', id, 'keys'], {
      what: 'every key has weight 0',
      hint: 'no key would ever be used',
    });
  }
  return keys.map((key, index) => {
    const derived = sources.derived.get(pathKey(['providers', id, 'keys', index, 'value']));
    const variables = derived?.variables.map((name) => `, \${${name}}`).join('') ?? '';
    return {
      value: new Secret(key.value),
      weight: key.weight,
      name: key.name ?? null,
      models: key.models ?? null,
      source: `${sources.stored(id) ? 'store' : 'file'}${variables}`,
    };
  });
}

function checkFormats(id: string, entry: ParsedProvider, sources: ProviderSources, findings: Findings): void {
  const { formats, partial } = sources;
  if (formats === null || partial) return;
  for (const [index, name] of (entry.stateless ?? []).entries()) {
    if (formats.has(name)) continue;
    const suggestion = nearest(name, formats) ?? 'openai-responses';
    findings.error(['providers', id, 'stateless', index], { what: 'unknown wire format', suggestion });
  }
  for (const name of Object.keys(entry.formats ?? {})) {
    if (formats.has(name)) continue;
    const suggestion = nearest(name, formats);
    const known =
      suggestion === undefined ? { expected: `one of ${[...formats].join(', ')}` } : { suggestion };
    findings.error(['providers', id, 'formats', name], { what: 'unknown wire format', ...known, at: 'key' });
  }
}

function fromFile(
  id: string,
  entry: ParsedProvider,
  sources: ProviderSources,
  findings: Findings,
): ProviderConfig | null {
  const inherited = inherit(id, sources, findings);
  const keys = fileKeys(id, entry, sources, findings);
  checkFormats(id, entry, sources, findings);
  if (inherited === null) return null;
  const own = sources.rows.get(id);
  if (entry.keys === undefined && entry.extends === undefined && own !== undefined) {
    // The keys of the environment are for the provider that they are named after.
    const found = isMoved(id, sources) ? undefined : keyFromEnv(own, sources.env);
    if (found !== undefined) keys.push(found);
    else if (own.keyRequired !== false && own.keyEnv.length > 0) {
      findings.warn(['providers', id], {
        what: 'has no key',
        hint: `set ${own.keyEnv.join(' or ')}, or give it keys`,
        at: 'key',
      });
    }
  }
  if (inherited.baseUrl === null && !sources.builtIn.has(inherited.row)) {
    findings.error(['providers', id, 'base_url'], {
      what: 'missing',
      expected: 'the URL of the API, as this provider has none of its own',
    });
  }
  const row = sources.rows.get(inherited.row) ?? { id: inherited.row, keyEnv: [] };
  if (sources.stored(id)) checkStoredProvider(id, entry, row, inherited, sources, findings);
  const { values, problems } = resolveVariables({
    row,
    baseUrl: inherited.baseUrl,
    formats: inherited.formats ?? row.formats ?? {},
    given: inherited.variables,
    env: sources.env,
  });
  for (const { name, inFile, parts } of problems) {
    const here = inFile && Object.hasOwn(entry.variables ?? {}, name);
    if (here) findings.error(['providers', id, 'variables', name], parts);
    // What another entry has wrong is reported there.
    else if (!inFile) findings.error(['providers', id], { ...parts, at: 'key' });
  }
  const headers = Object.entries(entry.headers ?? {}).map(
    ([name, value]) => [name.toLowerCase(), new Secret(value)] as const,
  );
  return {
    id,
    row: inherited.row,
    extends: entry.extends ?? null,
    baseUrl: filled(inherited.baseUrl, values),
    variables: values,
    keys,
    headers: new Map(headers),
    formats: inherited.formats,
    stateless: inherited.stateless,
    timeouts: inherited.timeouts,
    priceId: row?.prices ?? inherited.row,
    free: row?.free ?? false,
    origin: sources.stored(id) ? 'store' : 'file',
  };
}

/** All providers: those of the file, then those whose variable is set, then those that are always there. */
export function resolveProviders(sources: ProviderSources, findings: Findings): Map<string, ProviderConfig> {
  const providers = new Map<string, ProviderConfig>();
  reportCycles(sources, findings);
  for (const [id, entry] of Object.entries(sources.parsed)) {
    const provider = fromFile(id, entry, sources, findings);
    if (provider !== null) providers.set(id, provider);
  }
  for (const row of sources.rows.values()) {
    if (sources.mentioned.has(row.id)) continue;
    const key = keyFromEnv(row, sources.env);
    const usable = row.baseUrl !== undefined || sources.builtIn.has(row.id);
    if (key !== undefined && usable) {
      const { provider, problems } = plainProvider(row, [key], 'env', sources.env);
      // A variable of a whole cloud (an account's credentials) says nothing of whether its models are meant.
      if (problems.length === 0) providers.set(row.id, provider);
    } else if (sources.builtIn.has(row.id))
      providers.set(row.id, plainProvider(row, [], 'built-in', sources.env).provider);
  }
  return providers;
}
