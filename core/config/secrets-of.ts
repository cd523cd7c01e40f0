import { REDACTED, Secret } from './secret.js';

/**
 * Every secret in a configuration: the texts of its {@link Secret}s, or of those of which only parts are secret, these parts; of
 * addresses what stands in them for a password.
 */
export function secretsOf(config: object): string[] {
  const found = new Set<string>();
  walk(config, found, 0);
  return [...found];
}

const DEEPEST = 12;

function walk(value: unknown, found: Set<string>, depth: number): void {
  if (value === null || typeof value !== 'object' || depth > DEEPEST) return;
  if (value instanceof Secret) {
    hidden(value.reveal(), value.toJSON(), found, depth);
    return;
  }
  const inside = value instanceof Map || value instanceof Set ? value.values() : Object.values(value);
  for (const one of inside) walk(one, found, depth + 1);
}

/** @param shown what may be seen of it */
function hidden(value: unknown, shown: unknown, found: Set<string>, depth: number): void {
  if (depth > DEEPEST) return;
  if (typeof value === 'string') {
    if (shown === value) return;
    if (shown === REDACTED) found.add(value);
    for (const part of partsOf(value)) found.add(part);
  } else if (Array.isArray(value))
    value.forEach((one, i) => {
      hidden(one, Array.isArray(shown) ? shown[i] : shown, found, depth + 1);
    });
  else if (typeof value === 'object' && value !== null) {
    const beside = typeof shown === 'object' && shown !== null ? (shown as Record<string, unknown>) : null;
    for (const [name, one] of Object.entries(value))
      hidden(one, beside === null ? shown : beside[name], found, depth + 1);
  }
}

function partsOf(text: string): string[] {
  if (!URL.canParse(text)) return [];
  const { password, searchParams } = new URL(text);
  const parts = [...searchParams.values()];
  if (password !== '') parts.push(password, decode(password));
  return parts;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
