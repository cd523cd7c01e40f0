import type { ImagePart, JsonObject, JsonValue } from '@headgate/sdk';
import { dataUrl, sourceOfUrl } from '../shared/data-url.js';
import { extraOf, isObject } from '../shared/read-json.js';

const ENTRY_KEYS = new Set(['type', 'image_url']);
const URL_KEYS = new Set(['url']);

/**
 * A picture of an answer, as an entry of `images` beside the content: OpenRouter's addition, which clients of this API know,
 * https://openrouter.ai/docs/features/multimodal/image-generation. Undefined for one that its provider keeps.
 */
export function imageEntry({ source, extra }: ImagePart, same = false): JsonObject | undefined {
  const { image_url: inner, ...outer } = same && extra !== undefined ? extra : {};
  const more = isObject(inner) ? inner : {};
  if (source.kind === 'url') return { ...outer, type: 'image_url', image_url: { ...more, url: source.url } };
  if (source.kind !== 'base64') return undefined;
  const url = dataUrl(source.mediaType, source.data);
  return { ...outer, type: 'image_url', image_url: { ...more, url } };
}

/** `images` of a message or a delta; undefined when they are something else. */
export function imagesIn(images: JsonValue | undefined): ImagePart[] | undefined {
  if (!Array.isArray(images) || images.length === 0) return undefined;
  const parts: ImagePart[] = [];
  for (const entry of images) {
    const inner = isObject(entry) && entry['type'] === 'image_url' ? entry['image_url'] : undefined;
    if (!isObject(entry) || !isObject(inner) || typeof inner['url'] !== 'string') return undefined;
    const part: ImagePart = { type: 'image', source: sourceOfUrl(inner['url']) };
    const more = extraOf(inner, URL_KEYS);
    const extra = { ...extraOf(entry, ENTRY_KEYS), ...(more !== undefined && { image_url: more }) };
    if (Object.keys(extra).length > 0) part.extra = extra;
    parts.push(part);
  }
  return parts;
}
