import type { Derived, Env } from './interpolate.js';
import { REDACTED } from './secret.js';

const SECRET_NAME = /key|token|secret|pass|cred|auth|pwd/i;
/** Shorter values would hide ordinary words. */
const MIN_LENGTH = 6;

/**
 * A function that replaces, in any text, the values of variables used in the file whose names sound secret. Fields that
 * are secret by themselves are wrapped in `Secret`; this is for a token inside a base URL and the like.
 */
export function hiderOf(derived: ReadonlyMap<string, Derived>, env: Env): (text: string) => string {
  const values = new Set<string>();
  for (const { variables } of derived.values()) {
    for (const name of variables) {
      const value = env[name];
      if (value !== undefined && value.length >= MIN_LENGTH && SECRET_NAME.test(name)) values.add(value);
    }
  }
  // Longest first, so that a value within another one does not leave the rest of it standing.
  const ordered = [...values].toSorted((a, b) => b.length - a.length);
  return (text) => ordered.reduce((hidden, value) => hidden.replaceAll(value, REDACTED), text);
}
