import type { Config } from './config.js';
import { Secret } from './secret.js';

/** A {@link Config} in a form that survives `structuredClone`, secrets in the clear: for this process's threads only. */
export interface PackedConfig {
  readonly packed: unknown;
}

const MARK = '\u0000secret';

function pack(value: unknown): unknown {
  if (value instanceof Secret) return { [MARK]: value.reveal(), shown: value.toJSON() };
  if (value instanceof Map) return new Map([...value].map(([key, inside]) => [key, pack(inside)]));
  if (Array.isArray(value)) return value.map(pack);
  if (typeof value !== 'object' || value === null || value instanceof Set) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inside]) => [key, pack(inside)]));
}

function unpack(value: unknown): unknown {
  if (value instanceof Map) return new Map([...value].map(([key, inside]) => [key, unpack(inside)]));
  if (Array.isArray(value)) return value.map(unpack);
  if (typeof value !== 'object' || value === null || value instanceof Set) return value;
  if (MARK in value) return new Secret(value[MARK], 'shown' in value ? value.shown : undefined);
  return Object.fromEntries(Object.entries(value).map(([key, inside]) => [key, unpack(inside)]));
}

/** For `workerData` and `postMessage`, which drop what {@link Secret} holds. */
export function packConfig(config: Config): PackedConfig {
  return { packed: pack(config) };
}

export function unpackConfig(packed: PackedConfig): Config {
  return unpack(packed.packed) as Config;
}

/** Text that is the same for two parts of configurations if they say the same, secrets in the clear: to compare, not to keep. */
export function packed(part: unknown): string {
  return JSON.stringify(pack(part), (_, value: unknown) => (value instanceof Map ? [...value] : value));
}
