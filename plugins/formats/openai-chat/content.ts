import type { JsonObject, JsonValue, Part } from '@headgate/sdk';
import { MalformedBody } from '@headgate/sdk';
import { parseDataUrl, sourceOfUrl } from '../shared/data-url.js';
import { withBase } from '../shared/part-base.js';
import {
  extraOf,
  isObject,
  join,
  needObject,
  needString,
  objectAt,
  optString,
  stringOr,
} from '../shared/read-json.js';
import { OPENAI_CHAT } from './types.js';

const TEXT_KEYS = new Set(['type', 'text']);
const REFUSAL_KEYS = new Set(['type', 'refusal']);
const IMAGE_KEYS = new Set(['type', 'image_url']);
const IMAGE_URL_KEYS = new Set(['url', 'detail']);
const AUDIO_KEYS = new Set(['type', 'input_audio']);
const FILE_KEYS = new Set(['type', 'file']);
const FILE_INNER_KEYS = new Set(['file_data', 'file_id', 'filename']);

/** Unknown members of an inner object are kept under the inner object's name. */
function keepInner(part: Part, name: string, inner: JsonObject, known: ReadonlySet<string>): void {
  const extra = extraOf(inner, known);
  if (extra !== undefined) part.extra = { ...part.extra, [name]: extra };
}

function imagePart(json: JsonObject, path: string): Part {
  // Some clients write the URL without the object around it.
  const inner =
    typeof json['image_url'] === 'string' ? { url: json['image_url'] } : needObject(json, 'image_url', path);
  const innerPath = join(path, 'image_url');
  const part: Part = { type: 'image', source: sourceOfUrl(needString(inner, 'url', innerPath)) };
  const detail = optString(inner, 'detail', innerPath);
  if (detail !== undefined) part.detail = detail;
  withBase(part, json, IMAGE_KEYS);
  keepInner(part, 'image_url', inner, IMAGE_URL_KEYS);
  return part;
}

function audioPart(json: JsonObject, path: string): Part {
  const inner = needObject(json, 'input_audio', path);
  const innerPath = join(path, 'input_audio');
  const format = needString(inner, 'format', innerPath);
  const mediaType = format === 'mp3' ? 'audio/mpeg' : `audio/${format}`;
  const data = needString(inner, 'data', innerPath);
  return withBase({ type: 'audio', source: { kind: 'base64', mediaType, data }, format }, json, AUDIO_KEYS);
}

function filePart(json: JsonObject, path: string): Part {
  const inner = needObject(json, 'file', path);
  const innerPath = join(path, 'file');
  const id = optString(inner, 'file_id', innerPath);
  const data = optString(inner, 'file_data', innerPath);
  let part: Part;
  if (id !== undefined) part = { type: 'document', source: { kind: 'file', id } };
  else if (data === undefined)
    throw new MalformedBody(`'${innerPath}' must have 'file_data' or 'file_id'`, innerPath);
  else if (data.startsWith('http://') || data.startsWith('https://'))
    part = { type: 'document', source: { kind: 'url', url: data } };
  else {
    const parsed = parseDataUrl(data) ?? { mediaType: 'application/pdf', data };
    part = { type: 'document', source: { kind: 'base64', ...parsed } };
  }
  const name = optString(inner, 'filename', innerPath);
  if (name !== undefined) part.name = name;
  withBase(part, json, FILE_KEYS);
  keepInner(part, 'file', inner, FILE_INNER_KEYS);
  return part;
}

/** Mistral's reasoning models write `{ type: 'thinking', thinking: [{ type: 'text', text }] }` into the content. */
function thinkingText(json: JsonObject): string {
  const { thinking } = json;
  if (typeof thinking === 'string') return thinking;
  if (!Array.isArray(thinking)) return '';
  return thinking.map((item) => (isObject(item) ? stringOr(item['text'], '') : '')).join('');
}

export function decodePart(json: JsonObject, path: string): Part {
  switch (json['type']) {
    case 'text':
      return withBase({ type: 'text', text: needString(json, 'text', path) }, json, TEXT_KEYS);
    case 'image_url':
      return imagePart(json, path);
    case 'input_audio':
      return audioPart(json, path);
    case 'file':
      return filePart(json, path);
    case 'refusal':
      return withBase({ type: 'refusal', text: needString(json, 'refusal', path) }, json, REFUSAL_KEYS);
    case 'thinking':
      return { type: 'reasoning', text: thinkingText(json), extra: { content: json } };
  }
  if (typeof json['type'] !== 'string') needString(json, 'type', path);
  return { type: 'opaque', format: OPENAI_CHAT, value: json };
}

/** `content` of a message: a string or an array of parts. Null and absent give no parts. */
export function decodeContent(content: JsonValue | undefined, path: string): Part[] {
  if (content === undefined || content === null) return [];
  if (typeof content === 'string') return [{ type: 'text', text: content }];
  if (!Array.isArray(content))
    throw new MalformedBody(`'${path}' must be a string or an array of parts`, path);
  return content.map((_, i) => decodePart(objectAt(content, i, path), `${path}[${i}]`));
}
