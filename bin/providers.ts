import type { LoadedConfig } from '../core/config/load.js';
import { NOWHERE } from '../core/config/locator.js';
import { nearest } from '../core/config/nearest.js';
import { type Brought, collect } from '../core/plugin/equipment.js';
import { loadPlugin } from '../core/plugin/load.js';
import { LocalTransports } from '../core/plugin/local-transports.js';
import { type Flags, UsageError } from './flags.js';
import { source } from './parts.js';
import { listProviders, providerTable } from './provider-list.js';
import { type Trial, tryProvider } from './provider-test.js';
import { loadSettings } from './settings.js';

/** `headgate providers` lists them, `headgate providers test NAME` tries one. */
export async function providersCommand(flags: Flags, _entry: URL, words: readonly string[]): Promise<void> {
  const [verb, name, ...more] = words;
  if (verb !== undefined && verb !== 'test') {
    const near = nearest(verb, ['test']);
    throw new UsageError(
      `there is no "providers ${verb}"${near === undefined ? '' : `; did you mean "providers ${near}"?`}`,
    );
  }
  if (verb === 'test' && (name === undefined || more.length > 0))
    throw new UsageError('name one provider: headgate providers test NAME');
  const loaded = await loadSettings(flags);
  const brought = await equip(loaded);
  if (name === undefined) {
    const listed = listProviders(brought, loaded.config, process.env);
    process.stdout.write(
      flags.json === true ? `${JSON.stringify(listed, null, 2)}\n` : `${providerTable(listed)}\n`,
    );
    return;
  }
  if (!loaded.config.providers.has(name)) throw new UsageError(notThere(name, brought, loaded));
  const trials = await tryProvider({ id: name, model: flags.model, config: loaded.config, brought });
  process.stdout.write(
    flags.json === true ? `${JSON.stringify(trials, null, 2)}\n` : `${trials.map(trialLine).join('\n')}\n`,
  );
  if (trials.some(({ outcome }) => outcome !== 'ok')) process.exitCode = 1;
}

/** Rows, formats and signers of all plugins; none is set up. */
async function equip({ config }: LoadedConfig): Promise<Brought> {
  const plugins = [...source.builtins];
  for (const [index, entry] of config.plugins.entries())
    plugins.push((await loadPlugin(entry, source, { path: ['plugins', index], locator: NOWHERE })).plugin);
  return collect(plugins, new LocalTransports(() => {}));
}

function notThere(name: string, { rows }: Brought, { config }: LoadedConfig): string {
  const row = rows.get(name);
  if (row !== undefined) {
    const key = row.keyEnv.length === 0 ? '' : `set ${row.keyEnv.join(' or ')}, or `;
    return `the provider "${name}" is not set up: ${key}list it under "providers"`;
  }
  const near = nearest(name, [...config.providers.keys(), ...rows.keys()]);
  return `there is no provider "${name}"${near === undefined ? '' : `; did you mean "${near}"?`}`;
}

function trialLine(trial: Trial): string {
  const asked = trial.model === null ? '' : ` ${trial.model} (${trial.format})`;
  const took = trial.ms === null ? '' : `, ${trial.ms} ms`;
  const status = trial.status === null ? '' : `HTTP ${trial.status}`;
  return [`${trial.provider}, ${trial.key}:${asked}`, `  ${trial.outcome}${took}`, [status, trial.message]]
    .flatMap((part) =>
      typeof part === 'string' ? [part] : [`  ${part.filter((text) => text !== '').join(', ')}`],
    )
    .filter((text) => text.trim() !== '')
    .join('\n');
}
