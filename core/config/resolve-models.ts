import { resolveAttached } from './attached.js';
import type { ModelConfig, ProviderConfig, RetriesConfig, TargetConfig } from './config.js';
import type { FindingParts, Findings } from './findings.js';
import type { Env } from './interpolate.js';
import { nearest } from './nearest.js';
import type { Path } from './path.js';
import type { ProviderHint } from './provider-hint.js';
import { plainProvider } from './resolve-providers.js';
import {
  DEFAULT_EJECTION,
  type EjectionRules,
  type ParsedEjection,
  resolveEjection,
} from './sections/ejection.js';
import { PARSED_RETRIES_DEFAULT, type ParsedModel, type ParsedRetries } from './sections/models.js';
import { DEFAULT_TIMEOUTS, resolveTimeouts } from './sections/timeouts.js';

export interface ModelSources {
  parsed: Readonly<Record<string, ParsedModel>>;
  rows: ReadonlyMap<string, ProviderHint>;
  /** Provider ids of the file, readable or not. */
  mentioned: ReadonlySet<string>;
  /** Gets the built-in providers that targets name and nothing else brought in. */
  providers: Map<string, ProviderConfig>;
  env: Env;
  /** Of models that do not say it themselves. */
  ejection: ParsedEjection;
  /** There may be providers beside these: names that nobody knows are not reported. */
  partial: boolean;
}

function statuses(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

/** `5xx` and the like spelt out. */
function resolveRetries(retries: ParsedRetries): RetriesConfig {
  const all = new Set<number>();
  for (const cause of retries.on) {
    if (cause === '4xx') for (const status of statuses(400, 499)) all.add(status);
    else if (cause === '5xx') for (const status of statuses(500, 599)) all.add(status);
    else if (typeof cause === 'number' || /^\d/.test(cause)) all.add(Number(cause));
  }
  return {
    attempts: retries.attempts,
    statuses: all,
    onTimeout: retries.on.includes('timeout'),
    onConnection: retries.on.includes('connection'),
    backoffInitialMs: retries.backoff.initial,
    backoffMaxMs: retries.backoff.max,
  };
}

/** For `provider/model` without an entry below `models`. */
export const DEFAULT_RETRIES: RetriesConfig = resolveRetries(PARSED_RETRIES_DEFAULT);

function checkTarget(
  text: string,
  path: Path,
  sources: ModelSources,
  findings: Findings,
): TargetConfig | null {
  const slash = text.indexOf('/');
  const provider = text.slice(0, slash);
  const model = text.slice(slash + 1);
  if (!sources.providers.has(provider)) {
    const row = sources.rows.get(provider);
    if (row === undefined || sources.mentioned.has(provider)) {
      // One that the file has but that is broken is reported there.
      if (!sources.mentioned.has(provider) && !sources.partial)
        findings.error(path, unknownProvider(provider, model, sources));
      return null;
    }
    if (row.baseUrl === undefined) {
      findings.error(path, {
        what: `provider ${provider} needs a base_url`,
        hint: `add providers.${provider}.base_url`,
      });
      return null;
    }
    if (row.keyRequired !== false && row.keyEnv.length > 0) {
      findings.warn(path, {
        what: `provider ${provider} has no key`,
        hint: `set ${row.keyEnv.join(' or ')}`,
      });
    }
    const { provider: plain, problems } = plainProvider(row, [], 'target', sources.env);
    for (const { parts } of problems)
      findings.error(path, { ...parts, what: `provider ${provider} ${parts.what ?? ''}` });
    sources.providers.set(provider, plain);
  }
  const timeouts = sources.providers.get(provider)?.timeouts ?? DEFAULT_TIMEOUTS;
  return { provider, model, weight: 1, timeouts };
}

function unknownProvider(provider: string, model: string, sources: ModelSources): FindingParts {
  const near = nearest(provider, [...sources.providers.keys(), ...sources.rows.keys(), ...sources.mentioned]);
  return {
    what: 'unknown provider',
    value: `${provider}/${model}`,
    ...(near !== undefined && { suggestion: `${near}/${model}` }),
  };
}

function checkWeights(name: string, model: ParsedModel, findings: Findings): void {
  const weighted = model.targets.map((target) => (typeof target === 'string' ? 1 : target.weight));
  const path: Path = ['models', name, 'targets'];
  if (model.strategy === 'weighted' && weighted.every((weight) => weight === 0)) {
    findings.error(path, { what: 'every target has weight 0', hint: 'no target would ever be chosen' });
  }
  if (model.strategy === 'fallback' && weighted.some((weight) => weight !== 1)) {
    findings.warn(path, {
      what: 'weights mean nothing with strategy: fallback',
      hint: 'use strategy: weighted',
    });
  }
}

function modelEjection(
  name: string,
  { ejection: given, targets }: ParsedModel,
  base: EjectionRules | null,
  findings: Findings,
): EjectionRules | null {
  const path: Path = ['models', name, 'ejection'];
  const rules = resolveEjection(given, base);
  checkEjection(rules, given, path, findings);
  if (given !== undefined && given !== 'off' && targets.length === 1)
    findings.warn(path, { what: 'means nothing with one target', hint: 'there is no other to ask' });
  return rules;
}

function checkEjection(
  rules: EjectionRules | null,
  given: ParsedEjection,
  path: Path,
  findings: Findings,
): void {
  if (rules === null || given === undefined || rules.mostMs >= rules.firstMs) return;
  findings.error(path, { what: 'max is shorter than for', hint: 'set max to the longest time' });
}

/** Public models with their targets taken apart; unknown providers are reported. */
export function resolveModels(sources: ModelSources, findings: Findings): Map<string, ModelConfig> {
  const models = new Map<string, ModelConfig>();
  const ejection = resolveEjection(sources.ejection, DEFAULT_EJECTION);
  checkEjection(ejection, sources.ejection, ['ejection'], findings);
  for (const [name, model] of Object.entries(sources.parsed)) {
    checkWeights(name, model, findings);
    const targets: TargetConfig[] = [];
    for (const [index, given] of model.targets.entries()) {
      const path: Path = ['models', name, 'targets', index];
      const target =
        typeof given === 'string'
          ? checkTarget(given, path, sources, findings)
          : checkTarget(given.target, [...path, 'target'], sources, findings);
      if (target === null) continue;
      const weight = typeof given === 'string' ? 1 : given.weight;
      targets.push({ ...target, weight, timeouts: resolveTimeouts(model.timeouts, target.timeouts) });
    }
    const { first_byte: firstByte, total } = model.timeouts ?? {};
    if (firstByte !== undefined && total !== undefined && firstByte > total) {
      findings.warn(['models', name, 'timeouts', 'first_byte'], {
        what: 'is longer than timeouts.total and never reached',
      });
    }
    models.set(name, {
      name,
      // not-yet.ts refuses the others before a configuration is handed out.
      strategy: model.strategy === 'weighted' ? 'weighted' : 'fallback',
      targets,
      retries: resolveRetries(model.retries),
      ejection: modelEjection(name, model, ejection, findings),
      onUnsupported: model.on_unsupported ?? null,
      unpriced: model.unpriced ?? null,
      attached: resolveAttached(model.mcp),
      // Providers may differ; the most patient one must not be cut short by the others.
      totalMs: total ?? Math.max(...targets.map((target) => target.timeouts.totalMs), 1),
    });
  }
  return models;
}
