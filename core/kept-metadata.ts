import { type Exchange, NO_METADATA } from './exchange.js';

/** What the caller said of the request beside customer, session and tags, as far as the configuration wants it kept. */
export function keptMetadata(x: Exchange): Readonly<Record<string, string>> {
  const { other } = x.metadata;
  // Nearly always: one object for all requests, which is written once a batch.
  if (other === NO_METADATA.other) return other;
  let kept: Record<string, string> | null = null;
  for (const name of x.runtime.config.observability.metadata) {
    const value = Object.hasOwn(other, name) ? other[name] : undefined;
    if (value !== undefined && value !== '') (kept ??= {})[name] = value;
  }
  return kept ?? NO_METADATA.other;
}
