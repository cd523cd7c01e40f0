import { withoutSecrets } from './secret-text.js';

const HIDDEN = '***';
/** Shorter ones would hide ordinary words. */
const LEAST_LENGTH = 8;
const MOST_DEPTH = 6;
/** Fields whose value is nobody's business, whatever it looks like. */
const SECRET_FIELD =
  /^(?:authorization|proxy-authorization|cookie|set-cookie|x-api-key|api[-_]?key|x-goog-api-key|password|passwd|secret|client_secret|access_token|refresh_token|id_token|private_key)$/i;

/**
 * Takes secrets out of what is written: those that are known, those that look like one, and the values of fields that are called
 * like one. So that a line holds none it does not matter who wrote it.
 */
export class Redactor {
  private known: RegExp | null = null;

  /** The secrets of the configuration; those of before are forgotten. */
  know(secrets: Iterable<string>): void {
    const parts = new Set<string>();
    for (const secret of secrets) {
      if (secret.length < LEAST_LENGTH) continue;
      parts.add(secret);
      // As it stands in JSON and in an address.
      parts.add(JSON.stringify(secret).slice(1, -1));
      parts.add(encodeURIComponent(secret));
    }
    // Longest first, so that a value within another one does not leave the rest of it standing.
    const ordered = [...parts].toSorted((a, b) => b.length - a.length);
    this.known = ordered.length === 0 ? null : new RegExp(ordered.map(escaped).join('|'), 'g');
  }

  text(text: string): string {
    return withoutSecrets(this.known === null ? text : text.replace(this.known, HIDDEN));
  }

  /** A copy of plain data without secrets in its texts, names included. */
  value(value: unknown, depth = 0): unknown {
    if (typeof value === 'string') return this.text(value);
    if (typeof value !== 'object' || value === null) return value;
    if (depth >= MOST_DEPTH) return '…';
    if (value instanceof Error) return this.text(value.stack ?? value.message);
    if (Array.isArray(value)) return value.map((one) => this.value(one, depth + 1));
    return Object.fromEntries(
      Object.entries(value).map(([name, inside]) => [
        this.text(name),
        SECRET_FIELD.test(name) && inside !== null ? HIDDEN : this.value(inside, depth + 1),
      ]),
    );
  }
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
