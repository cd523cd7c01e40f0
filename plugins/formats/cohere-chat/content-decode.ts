import type { JsonObject, JsonValue, Part, ReasoningPart } from '@headgate/sdk';
import { MalformedBody } from '@headgate/sdk';
import { sourceOfUrl } from '../shared/data-url.js';
import { withBase } from '../shared/part-base.js';
import { extraOf, join, needObject, needString, objectAt, optString } from '../shared/read-json.js';
import { documentPart } from './documents.js';
import { COHERE_CHAT } from './types.js';

const TEXT_KEYS = new Set(['type', 'text']);
const THINKING_KEYS = new Set(['type', 'thinking', 'signature', 'encrypted']);
const IMAGE_KEYS = new Set(['type', 'image_url']);
const IMAGE_URL_KEYS = new Set(['url', 'detail']);

/** Cohere signs nothing; `signature` and `encrypted` are another provider's, which the gateway put there. */
export function sealsOf(json: JsonObject): Pick<ReasoningPart, 'signature' | 'encrypted'> {
  const seals: Pick<ReasoningPart, 'signature' | 'encrypted'> = {};
  if (typeof json['signature'] === 'string') seals.signature = json['signature'];
  if (typeof json['encrypted'] === 'string') seals.encrypted = json['encrypted'];
  return seals;
}

function imagePart(json: JsonObject, path: string): Part {
  const inner = needObject(json, 'image_url', path);
  const innerPath = join(path, 'image_url');
  const part: Part = { type: 'image', source: sourceOfUrl(needString(inner, 'url', innerPath)) };
  const detail = optString(inner, 'detail', innerPath);
  if (detail !== undefined) part.detail = detail;
  withBase(part, json, IMAGE_KEYS);
  const extra = extraOf(inner, IMAGE_URL_KEYS);
  if (extra !== undefined) part.extra = { ...part.extra, image_url: extra };
  return part;
}

function contentPart(json: JsonObject, path: string): Part {
  switch (json['type']) {
    case 'text':
      return withBase({ type: 'text', text: needString(json, 'text', path) }, json, TEXT_KEYS);
    case 'thinking':
      return withBase(
        { type: 'reasoning', text: needString(json, 'thinking', path), ...sealsOf(json) },
        json,
        THINKING_KEYS,
      );
    case 'image_url':
      return imagePart(json, path);
    case 'document':
      return documentPart(json, path);
  }
  if (typeof json['type'] !== 'string') needString(json, 'type', path);
  return { type: 'opaque', format: COHERE_CHAT, value: json };
}

/** `content` of a message: a string or an array. Null and absent give no parts. */
export function decodeContent(content: JsonValue | undefined, path: string): Part[] {
  if (content === undefined || content === null) return [];
  if (typeof content === 'string') return [{ type: 'text', text: content }];
  if (!Array.isArray(content))
    throw new MalformedBody(`'${path}' must be a string or an array of content`, path);
  return content.map((_, i) => contentPart(objectAt(content, i, path), `${path}[${i}]`));
}
