import type { ProviderConfig, ProviderKeyConfig } from './config.js';
import type { Findings } from './findings.js';
import { inherit, type ProviderSources, reportCycles } from './inherit-provider.js';
import type { Env } from './interpolate.js';
import { nearest } from './nearest.js';
import { pathKey } from './path.js';
import type { ProviderHint } from './provider-hint.js';
import { Secret } from './secret.js';
import type { ParsedProvider } from './sections/providers.js';
import { DEFAULT_TIMEOUTS } from './sections/timeouts.js';

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

/** A row as it is without any entry in the file. */
export function plainProvider(
  row: ProviderHint,
  keys: readonly ProviderKeyConfig[],
  origin: ProviderConfig['origin'],
): ProviderConfig {
  return {
    id: row.id,
    row: row.id,
    extends: null,
    baseUrl: row.baseUrl ?? null,
    keys,
    headers: new Map(),
    formats: null,
    timeouts: DEFAULT_TIMEOUTS,
    origin,
  };
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
      source: `file${variables}`,
    };
  });
}

function checkFormats(id: string, entry: ParsedProvider, sources: ProviderSources, findings: Findings): void {
  const { formats, partial } = sources;
  if (formats === null || partial) return;
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
    const found = keyFromEnv(own, sources.env);
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
  const headers = Object.entries(entry.headers ?? {}).map(
    ([name, value]) => [name.toLowerCase(), new Secret(value)] as const,
  );
  return {
    id,
    row: inherited.row,
    extends: entry.extends ?? null,
    baseUrl: inherited.baseUrl,
    keys,
    headers: new Map(headers),
    formats: inherited.formats,
    timeouts: inherited.timeouts,
    origin: 'file',
  };
}

/** All providers: those of the file, then those whose variable is set, then those that are always there. */
export function resolveProviders(sources: ProviderSources, findings: Findings): Map<string, ProviderConfig> {
  const providers = new Map<string, ProviderConfig>();
  reportCycles(sources.parsed, findings);
  for (const [id, entry] of Object.entries(sources.parsed)) {
    const provider = fromFile(id, entry, sources, findings);
    if (provider !== null) providers.set(id, provider);
  }
  for (const row of sources.rows.values()) {
    if (sources.mentioned.has(row.id)) continue;
    const key = keyFromEnv(row, sources.env);
    const usable = row.baseUrl !== undefined || sources.builtIn.has(row.id);
    if (key !== undefined && usable) providers.set(row.id, plainProvider(row, [key], 'env'));
    else if (sources.builtIn.has(row.id)) providers.set(row.id, plainProvider(row, [], 'built-in'));
  }
  return providers;
}
