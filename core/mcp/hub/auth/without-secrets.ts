import { REDACTED } from '../../../config/secret.js';

/** Shorter values would hide ordinary words. */
const MIN_LENGTH = 6;

/** Text without any of these, the longest first, so that a value within another one does not leave the rest of it standing. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  if (secrets.length === 0) return text;
  const words = secrets.filter((one) => one.length >= MIN_LENGTH).toSorted((a, b) => b.length - a.length);
  return words.reduce((hidden, word) => hidden.replaceAll(word, REDACTED), text);
}
