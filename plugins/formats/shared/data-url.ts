import type { MediaSource } from '@headgate/sdk';

/** `data:<media type>;base64,<data>`; undefined for anything else, a data URL that is not base64 included. */
export function parseDataUrl(url: string): { mediaType: string; data: string } | undefined {
  if (!url.startsWith('data:')) return undefined;
  const comma = url.indexOf(',');
  // The head of a data URL is short; a comma far away means that this is something else.
  if (comma < 0 || comma > 256) return undefined;
  const head = url.slice(5, comma);
  if (!head.endsWith(';base64')) return undefined;
  return { mediaType: head.slice(0, -7), data: url.slice(comma + 1) };
}

/** A data URL becomes base64, any other text stays a URL. */
export function sourceOfUrl(url: string): MediaSource {
  const parsed = parseDataUrl(url);
  return parsed === undefined ? { kind: 'url', url } : { kind: 'base64', ...parsed };
}

export function dataUrl(mediaType: string, data: string): string {
  return `data:${mediaType};base64,${data}`;
}
