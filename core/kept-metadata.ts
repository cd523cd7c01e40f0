import { type Exchange, NO_METADATA } from './exchange.js';
import { withoutSecrets } from './observe/secret-text.js';

/**
 * What the caller said of the request beside customer, session and tags, as far as the configuration wants it kept, without what looks
 * like a secret. Names are those of the configuration, values at most 256 characters, all of them together one header: nobody who is
 * told of them needs a bound of their own.
 */
export function keptMetadata(x: Exchange): Readonly<Record<string, string>> {
  const { other } = x.metadata;
  // Nearly always: one object for all requests, which is written once a batch.
  if (other === NO_METADATA.other) return other;
  let kept: Record<string, string> | null = null;
  for (const name of x.runtime.config.observability.metadata) {
    const value = Object.hasOwn(other, name) ? other[name] : undefined;
    if (value !== undefined && value !== '') (kept ??= {})[name] = shownOf(value);
  }
  return kept ?? NO_METADATA.other;
}

/** Values mostly come again and again, such as names of features: looking for secrets costs ten times what finding one here does. */
const MOST_SHOWN = 1_000;
const shown = new Map<string, string>();

function shownOf(value: string): string {
  const before = shown.get(value);
  if (before !== undefined) return before;
  const now = withoutSecrets(value);
  if (shown.size >= MOST_SHOWN) shown.clear();
  shown.set(value, now);
  return now;
}
