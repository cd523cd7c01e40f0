import type { ImagePart, JsonObject } from '@headgate/sdk';
import { dataUrl } from '../shared/data-url.js';

/**
 * A picture of an answer, as an entry of `images` beside the content: OpenRouter's addition, which clients of this API know.
 * Undefined for one that its provider keeps.
 */
export function imageEntry({ source }: ImagePart): JsonObject | undefined {
  if (source.kind === 'url') return { type: 'image_url', image_url: { url: source.url } };
  if (source.kind !== 'base64') return undefined;
  return { type: 'image_url', image_url: { url: dataUrl(source.mediaType, source.data) } };
}
