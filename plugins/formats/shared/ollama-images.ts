import type { ImagePart, JsonObject, Part, Warn } from '@headgate/sdk';
import { MalformedBody } from '@headgate/sdk';
import { parseDataUrl } from './data-url.js';
import { join, optArray, type Path } from './read-json.js';
import { kindInWords } from './value-in-words.js';

/** How the base64 of each kind of picture begins; Ollama is told the bytes only. */
const STARTS: [string, string][] = [
  ['iVBORw0KGgo', 'image/png'],
  ['/9j/', 'image/jpeg'],
  ['R0lGOD', 'image/gif'],
  ['UklGR', 'image/webp'],
  ['Qk', 'image/bmp'],
];

function mediaTypeOf(data: string): string {
  return STARTS.find(([start]) => data.startsWith(start))?.[1] ?? 'image/jpeg';
}

/** `images`: base64 without a prefix. Clients that write data URLs are understood too. */
export function decodeImages(json: JsonObject, path: Path): ImagePart[] {
  const images = optArray(json, 'images', path);
  if (images === undefined) return [];
  return images.map((image, i) => {
    if (typeof image !== 'string') {
      const param = `${join(path, 'images')}[${i}]`;
      throw new MalformedBody(`'${param}' must be a picture in base64`, param);
    }
    const source = parseDataUrl(image) ?? { mediaType: mediaTypeOf(image), data: image };
    return { type: 'image', source: { kind: 'base64', ...source } };
  });
}

/** The base64 of a picture, or undefined when Ollama would have to fetch it, which it does not. */
export function encodeImage(part: ImagePart, warn: Warn): string | undefined {
  if (part.detail !== undefined && part.detail !== 'auto')
    warn('detail', 'the detail of a picture cannot be chosen in this format');
  if (part.source.kind === 'base64') return part.source.data;
  warn('image', 'a picture can only be sent as base64 in this format');
  return undefined;
}

/** Tells about a part that is neither text nor a picture and has no place in this format. */
export function warnOfPart(part: Part, warn: Warn): void {
  if (part.type === 'audio') warn('audio', 'sound is not part of this format');
  else if (part.type === 'document')
    warn('document', 'only documents of plain text can be sent in this format');
  else if (part.type === 'opaque')
    warn('content', `a part of type '${kindInWords(part.value)}' is only known to ${part.format}`);
  else warn('content', `a part of type '${part.type}' cannot be sent here in this format`);
}
