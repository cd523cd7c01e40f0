import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Config } from './config.js';
import { type Definition, isMapping, overlay } from './definitions.js';
import { Findings } from './findings.js';
import { hiderOf } from './hide.js';
import { type Env, interpolate } from './interpolate.js';
import { type Locator, NOWHERE } from './locator.js';
import { findNotYet } from './not-yet.js';
import { formatPath } from './path.js';
import { kindOf } from './printable.js';
import { ConfigError, type Problem } from './problem.js';
import type { Supply } from './provider-hint.js';
import { readConfigFile } from './read-file.js';
import { resolveConfig } from './resolve.js';
import { type ListedPlugin, resolvePlugins } from './resolve-plugins.js';
import { type Overrides, readSettings } from './settings.js';
import { type Validated, validate } from './validate.js';
import { parseYamlFile, type YamlFile } from './yaml-file.js';

/** Read from the working directory when neither `--config` nor HEADGATE_CONFIG names a file; it may be missing. */
const DEFAULT_FILE = 'headgate.yaml';

export interface ReadOptions {
  /** `--config`: must exist. */
  file?: string | undefined;
  /** What the file would say, in place of one. */
  data?: unknown;
  env: Env;
  /** Flags; they go before variables, which go before the file. */
  overrides?: Overrides | undefined;
  /** What relative flags and variables start from. */
  cwd?: string | undefined;
  /** Milliseconds since 1970, for expiry warnings. */
  now?: number | undefined;
}

export type LoadOptions = ReadOptions & Supply;

export interface LoadedConfig {
  config: Config;
  warnings: readonly Problem[];
  /** The file as it is named in messages; null when there is none. */
  file: string | null;
  /** Finds places in the file, for problems that are found later (a plugin's own settings). */
  locator: Locator;
  /** Replaces what secret-looking variables used in the file hold, wherever it stands in a text. */
  hide: (text: string) => string;
  /** What the file says, before variables are replaced. */
  written: Readonly<Record<string, unknown>>;
  /** What the file defines too, by `definitionKey`: there it counts, and not the store. */
  shadowed: ReadonlySet<string>;
}

/** The file as it was read, so that a configuration can be made of it again with other definitions of the store. */
export interface ConfigSource {
  /** As it is named in messages; null when there is none. */
  readonly file: string | null;
  readonly yaml: YamlFile | null;
  /** Undefined when nothing can be read. */
  readonly data: unknown;
}

/** A configuration whose plugins are known, but not yet what these bring. */
export interface ReadConfig {
  readonly plugins: readonly ListedPlugin[];
  /** False when the file lists more plugins, whose entries make no sense. */
  readonly allListed: boolean;
  readonly locator: Locator;
  /** Whether it lists sinks, so that these must be known. */
  readonly listsSinks: boolean;
  /**
   * Second half: checks and completes the rest. `more` are problems found meanwhile.
   * @throws ConfigError with every problem found; nothing else.
   */
  complete(supply: Supply, more?: readonly Problem[]): LoadedConfig;
}

/**
 * Reads, checks and completes the configuration.
 * @throws ConfigError with every problem found; nothing else.
 */
export function loadConfig(options: LoadOptions): LoadedConfig {
  return readConfig(options).complete(options);
}

/**
 * Reads the file, once.
 * @throws ConfigError when it cannot be read; nothing else.
 */
export function readSource(options: ReadOptions): ConfigSource {
  const cwd = options.cwd ?? process.cwd();
  const file = nameFile(options, cwd);
  const yaml = file === null ? null : readYaml(resolve(cwd, file), file);
  // An empty file, or one with comments only, is a configuration that says nothing.
  return { file, yaml, data: options.data ?? (yaml === null || yaml.data === null ? {} : yaml.data) };
}

/**
 * First half: the file, its form and its list of plugins. Which providers and wire formats there are depends on the
 * plugins, so what names those is looked at in the second half.
 *
 * @param definitions of the store; they come after the file, which counts where both define something
 * @throws ConfigError when nothing can be read; nothing else.
 */
export function readConfig(
  options: ReadOptions,
  { file, yaml, data }: ConfigSource = readSource(options),
  definitions: readonly Definition[] = [],
): ReadConfig {
  const cwd = options.cwd ?? process.cwd();
  const overlaid = overlay(interpolate(data, options.env), definitions, options.env);
  const { data: filled, derived, problems: unset, stored } = overlaid;
  const { locate } = yaml ?? NOWHERE;
  const locator: Locator = { locate, stored };
  const findings = new Findings(locator, derived);
  findings.problems.push(...(yaml?.problems ?? []));
  if (yaml !== null && yaml.data === null) findings.warn([], { what: 'is empty, so the defaults hold' });
  const settings = readSettings(options.env, options.overrides ?? {}, findings);
  if (data === undefined) throw failure(findings, file);

  for (const { path, ...parts } of unset) findings.error(path, parts);
  const missing = new Set(unset.map((problem) => formatPath(problem.path)));
  for (const { path, ...parts } of findNotYet(filled)) findings.error(path, { ...parts, at: 'key' });
  const before = findings.problems.length;
  const validated: Validated | null = validate(filled, derived, findings);
  // A variable that is not set leaves an empty text; that it is empty is not a second problem.
  const kept = findings.problems.filter((problem, index) => index < before || !missing.has(problem.path));
  findings.problems.splice(0, Number.POSITIVE_INFINITY, ...kept);
  if (validated === null) throw failure(findings, file);

  const folder = file === null ? cwd : dirname(resolve(cwd, file));
  const plugins = resolvePlugins(
    validated.parsed.plugins,
    validated.pluginIndex,
    { folder, derived, filePlugins: overlaid.filePlugins },
    findings,
  );
  const listed = (filled as Record<string, unknown>)['plugins'] ?? [];
  return {
    plugins,
    allListed: Array.isArray(listed) && listed.length === plugins.length,
    locator,
    listsSinks: validated.parsed.observability.sinks.length > 0,
    complete(supply, more = []) {
      const config = resolveConfig(
        {
          validated,
          mentioned: { providers: namesIn(filled, 'providers'), models: namesIn(filled, 'models') },
          settings,
          rows: new Map(supply.rows.map((row) => [row.id, row])),
          builtIn: new Set(supply.builtIn ?? []),
          formats: supply.formats === undefined ? null : new Set(supply.formats),
          partial: supply.partial ?? false,
          stored: (path) => stored(path) !== null,
          plugins: plugins.map(({ entry }) => entry),
          sinkRows: supply.sinks ?? null,
          env: options.env,
          derived,
          file: file === null ? null : resolve(cwd, file),
          folder,
          cwd,
          now: options.now ?? Date.now(),
        },
        findings,
      );
      findings.problems.push(...more);
      if (findings.problems.length > 0) throw failure(findings, file);
      return {
        config,
        warnings: findings.warnings,
        file,
        locator,
        hide: hiderOf(derived, options.env),
        written: isMapping(data) ? data : {},
        shadowed: overlaid.shadowed,
      };
    },
  };
}

function nameFile(options: ReadOptions, cwd: string): string | null {
  if (options.data !== undefined) return null;
  const named = options.file ?? (options.env['HEADGATE_CONFIG'] || undefined);
  if (named !== undefined) return named;
  return existsSync(resolve(cwd, DEFAULT_FILE)) ? DEFAULT_FILE : null;
}

function readYaml(absolute: string, file: string): YamlFile {
  const read = readConfigFile(absolute);
  if ('problem' in read) throw new ConfigError([read.problem], file);
  const yaml = parseYamlFile(read.text);
  if (yaml.problems.length > 0 || yaml.data === undefined) return yaml;
  if (typeof yaml.data === 'object' && !Array.isArray(yaml.data)) return yaml;
  const message = `expected a mapping with sections such as providers and models, found ${kindOf(yaml.data)}`;
  return { ...yaml, data: undefined, problems: [{ path: '', line: 1, column: 1, message }] };
}

function namesIn(data: unknown, section: string): Set<string> {
  const inside = (data as Record<string, unknown>)[section];
  return new Set(
    typeof inside === 'object' && inside !== null && !Array.isArray(inside) ? Object.keys(inside) : [],
  );
}

function failure(findings: Findings, file: string | null): ConfigError {
  const inFile = (problem: Problem): number => problem.line ?? Number.POSITIVE_INFINITY;
  const sorted = findings.problems.toSorted((a, b) => {
    if (inFile(a) !== inFile(b)) return inFile(a) - inFile(b);
    return (a.column ?? 0) - (b.column ?? 0);
  });
  return new ConfigError(sorted, file);
}
