import type { ModelConfig, ProviderConfig, VirtualKeyConfig } from './config.js';
import { resolveKeyRules } from './entity.js';
import type { Findings } from './findings.js';
import { nearest } from './nearest.js';
import { Secret } from './secret.js';
import type { ParsedKey } from './sections/keys.js';

/** Guessing a shorter key is within reach of somebody patient. */
export const MIN_SECRET_LENGTH = 16;

export interface KeySources {
  parsed: readonly ParsedKey[];
  /** Where each parsed key stands in the file's list. */
  index: readonly number[];
  models: ReadonlyMap<string, ModelConfig>;
  /** Names of all models of the file, readable or not. */
  modelNames: ReadonlySet<string>;
  providers: ReadonlyMap<string, ProviderConfig>;
  adminToken: string | undefined;
  now: number;
}

function checkModels(key: ParsedKey, at: number, sources: KeySources, findings: Findings): void {
  for (const [index, pattern] of key.models.entries()) {
    if (pattern.includes('*') || sources.modelNames.has(pattern)) continue;
    const slash = pattern.indexOf('/');
    if (slash > 0 && sources.providers.has(pattern.slice(0, slash))) continue;
    const suggestion = nearest(pattern, sources.modelNames);
    const what = 'matches no model or provider';
    findings.warn(['keys', at, 'models', index], {
      what,
      value: pattern,
      ...(suggestion !== undefined && { suggestion }),
    });
  }
}

function checkPassthrough(key: ParsedKey, at: number, sources: KeySources, findings: Findings): void {
  if (typeof key.passthrough !== 'object') return;
  for (const [index, id] of key.passthrough.entries()) {
    if (sources.providers.has(id)) continue;
    const suggestion = nearest(id, sources.providers.keys());
    findings.warn(['keys', at, 'passthrough', index], {
      what: 'no such provider',
      value: id,
      ...(suggestion !== undefined && { suggestion }),
    });
  }
}

/** A schedule that nobody keeps must not look like one. */
function checkRotation({ rotate }: ParsedKey, at: number, findings: Findings): void {
  if (rotate === undefined) return;
  findings.warn(['keys', at, 'rotate'], {
    what: 'does nothing here: the gateway rotates keys of the store alone',
    hint: 'change `value` by hand, or make the key through the API',
  });
}

/** Virtual keys; repeated names and values are reported without showing a value. */
export function resolveKeys(sources: KeySources, findings: Findings): VirtualKeyConfig[] {
  const names = new Map<string, number>();
  const values = new Map<string, number>();
  return sources.parsed.map((key, position) => {
    const at = sources.index[position] ?? position;
    const sameName = names.get(key.name);
    if (sameName !== undefined) {
      findings.error(['keys', at, 'name'], {
        what: `the same name as keys[${sameName}]`,
        hint: 'names must be unique',
      });
    } else names.set(key.name, at);
    const secret = key.value ?? key.hash ?? '';
    const sameValue = values.get(secret);
    if (sameValue !== undefined) {
      findings.error(['keys', at, 'value'], {
        what: `the same value as keys[${sameValue}]`,
        hint: 'values must be unique',
      });
    } else values.set(secret, at);
    if (key.value !== undefined && key.value === sources.adminToken) {
      findings.error(['keys', at, 'value'], {
        what: 'the same value as the admin token',
        hint: 'clients would be administrators',
      });
    }
    if (key.value !== undefined && key.value.length < MIN_SECRET_LENGTH) {
      findings.warn(['keys', at, 'value'], {
        what: `shorter than ${MIN_SECRET_LENGTH} characters`,
        hint: 'it could be guessed',
      });
    }
    if (key.expires !== undefined && Date.parse(key.expires) <= sources.now) {
      findings.warn(['keys', at, 'expires'], { what: 'is in the past', hint: 'the key is refused' });
    }
    checkModels(key, at, sources, findings);
    checkPassthrough(key, at, sources, findings);
    checkRotation(key, at, findings);
    const { name, id = name, value, hash, ...rules } = key;
    return {
      ...resolveKeyRules(id, name, rules),
      name,
      value: value === undefined ? null : new Secret(value),
      hash: hash ?? null,
    };
  });
}
