import type { Findings } from './findings.js';
import { type Inherited, isHidden, type ProviderSources } from './inherit-provider.js';
import { isMetadataServer } from './metadata-server.js';
import { pathKey } from './path.js';
import type { ProviderHint } from './provider-hint.js';
import type { ParsedProvider } from './sections/providers.js';

/**
 * What a provider of the store may not, although one of the file may: whoever is allowed to change providers through the admin
 * API is not thereby allowed the files, the environment and the cloud account of the machine.
 */
export function checkStoredProvider(
  id: string,
  entry: ParsedProvider,
  row: ProviderHint,
  inherited: Inherited,
  sources: ProviderSources,
  findings: Findings,
): void {
  const { baseUrl } = inherited;
  if (entry.base_url !== undefined && baseUrl !== null && isMetadataServer(baseUrl))
    findings.error(['providers', id, 'base_url'], {
      what: 'serves the credentials of this machine, so only the configuration file may name it',
    });
  const { ofMachine } = row;
  if (ofMachine === undefined) return;
  for (const [index, { value }] of (entry.keys ?? []).entries()) {
    const path = ['providers', id, 'keys', index, 'value'];
    // What the file allows the store to name is its own choice.
    const named = (sources.derived.get(pathKey(path))?.variables.length ?? 0) > 0;
    if (named || !ofMachine(value)) continue;
    findings.error(path, {
      what: 'leads to credentials of this machine, which only the configuration file may use',
      hint: 'give the credentials themselves',
    });
  }
  if ((entry.keys ?? []).length === 0 && ofMachine('') && isMoved(id, sources))
    findings.error(['providers', id], {
      what: 'has no keys, and the credentials of this machine go to the address of the built-in provider alone',
      hint: 'give it keys, or leave base_url and variables to the configuration file',
      at: 'key',
    });
}

/** Whether the store says where its requests go, itself or in what it extends. */
export function isMoved(id: string, sources: ProviderSources, trail: readonly string[] = []): boolean {
  const entry = Object.hasOwn(sources.parsed, id) ? sources.parsed[id] : undefined;
  if (entry === undefined || trail.includes(id) || isHidden(id, trail.at(-1), sources)) return false;
  if (sources.stored(id) && (entry.base_url !== undefined || entry.variables !== undefined)) return true;
  return entry.extends !== undefined && isMoved(entry.extends, sources, [...trail, id]);
}
