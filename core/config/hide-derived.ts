import type { Derived } from './interpolate.js';
import { type Path, pathKey } from './path.js';
import { REDACTED } from './secret.js';

/** The same structure with the strings that came from variables hidden. */
export function hideDerived(value: unknown, path: Path, derived: ReadonlyMap<string, Derived>): unknown {
  if (typeof value === 'string') return derived.has(pathKey(path)) ? REDACTED : value;
  if (Array.isArray(value)) return value.map((item, index) => hideDerived(item, [...path, index], derived));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, hideDerived(item, [...path, key], derived)]),
  );
}
