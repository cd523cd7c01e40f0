import type { SettledRecord, SpanAttributes } from '@headgate/sdk';

/** What the caller said of a request, as an attribute each, for a vendor that shows those that begin like that as metadata. */
export function metadataAttributes({ metadata }: SettledRecord, before: string): SpanAttributes {
  return Object.fromEntries(Object.entries(metadata).map(([name, value]) => [before + name, value]));
}

/** The same as JSON in one attribute; undefined when there is nothing. */
export function metadataText({ metadata }: SettledRecord): string | undefined {
  const text = JSON.stringify(metadata);
  return text === '{}' ? undefined : text;
}
