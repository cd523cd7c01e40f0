import type { ProviderRow } from '@headgate/sdk';
import type { Config, ProviderConfig } from '../core/config/config.js';
import type { Brought } from '../core/plugin/equipment.js';

/** A provider that there is, set up or not. */
export interface ListedProvider {
  readonly id: string;
  readonly name: string;
  /** Empty: it has an API of its own that nothing is translated to. */
  readonly formats: readonly string[];
  readonly signer: string;
  readonly keyEnv: readonly string[];
  /** Where a key was found, for people; null when there is none. Never the key. */
  readonly key: string | null;
  readonly keyRequired: boolean;
  /** Requests can name it. */
  readonly ready: boolean;
  readonly docs: string | null;
}

/** Every row, and the providers of the configuration that extend one. */
export function listProviders(
  { rows }: Brought,
  config: Config,
  env: Readonly<Record<string, string | undefined>>,
): ListedProvider[] {
  const plain = rows.values().map((row) => listed(row.id, row, config.providers.get(row.id), env));
  const extended = [...config.providers.values()]
    .filter(({ id }) => !rows.has(id))
    .flatMap((provider) => {
      const row = rows.get(provider.row);
      return row === undefined ? [] : [listed(provider.id, row, provider, env)];
    });
  return [...plain, ...extended].sort((a, b) => (a.id < b.id ? -1 : 1));
}

function listed(
  id: string,
  row: ProviderRow,
  provider: ProviderConfig | undefined,
  env: Readonly<Record<string, string | undefined>>,
): ListedProvider {
  const found = provider?.keys[0]?.source ?? null;
  // Its variable may be set although something else is missing that it needs.
  const variable = provider === undefined ? row.keyEnv.find((name) => env[name]) : undefined;
  return {
    id,
    name: provider?.extends ? `extends ${provider.extends}` : row.name,
    formats: Object.keys(provider?.formats ?? row.formats),
    signer: row.signer,
    keyEnv: row.keyEnv,
    key: found ?? (variable === undefined ? null : `env ${variable}`),
    keyRequired: row.keyRequired,
    ready: provider !== undefined && (provider.keys.length > 0 || !row.keyRequired),
    docs: row.docs ?? null,
  };
}

/** For people, one line each. */
export function providerTable(providers: readonly ListedProvider[]): string {
  const lines = providers.map((provider) => [
    provider.ready ? '*' : ' ',
    provider.id,
    provider.name,
    few(provider.formats),
    keyOf(provider),
    provider.docs ?? '',
  ]);
  const all = [['', 'id', 'name', 'wire formats', 'key', 'documentation'], ...lines];
  const widths =
    all[0]?.map((_, column) => Math.max(...all.map((line) => (line[column] ?? '').length))) ?? [];
  const ready = providers.filter((provider) => provider.ready).length;
  return [
    ...all.map((line) =>
      line
        .map((text, column) => text.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    ),
    '',
    `${providers.length} providers; * marks the ${ready} that can be asked now`,
  ].join('\n');
}

/** The first two tell most; `--json` has all. */
function few(formats: readonly string[]): string {
  if (formats.length === 0) return '(its own)';
  const more = formats.length - 2;
  return `${formats.slice(0, 2).join(' ')}${more > 0 ? ` +${more}` : ''}`;
}

function keyOf({ key, keyEnv, keyRequired }: ListedProvider): string {
  if (key !== null) return `${key.replace(/^env /, '')}, set`;
  const names = keyEnv.join(' or ');
  if (names === '') return 'none needed';
  return keyRequired ? `${names}, not set` : `${names}, not needed`;
}
