import type { JsonObject, JsonValue, MediaSource, Part } from '@headgate/sdk';
import { extraOf, isObject, join, needObject, needString, optString } from '../shared/read-json.js';
import { audioType, documentFormat, documentType, imageType } from './media-types.js';

const MEDIA_KEYS = new Set(['format', 'source']);
const DOCUMENT_KEYS = new Set(['format', 'source', 'name']);
const S3_KEYS = new Set(['uri']);

/** A source in the hub's terms, and the members of the block that must be kept to write it again. */
interface Found {
  source: MediaSource;
  extra: JsonObject | undefined;
}

/** Undefined for a kind of source that the hub has no name for. */
function sourceOf(
  inner: JsonObject,
  mediaType: string,
  keys: ReadonlySet<string>,
  path: string,
): Found | undefined {
  const source = needObject(inner, 'source', path);
  const at = join(path, 'source');
  const extra = extraOf(inner, keys);
  if (source['bytes'] !== undefined)
    return { source: { kind: 'base64', mediaType, data: needString(source, 'bytes', at) }, extra };
  if (source['s3Location'] === undefined) return undefined;
  const location = needObject(source, 's3Location', at);
  const id = needString(location, 'uri', join(at, 's3Location'));
  const rest = extraOf(location, S3_KEYS);
  // The hub keeps no media type of a file, so the format must be remembered.
  const kept: JsonObject = { ...extra };
  if (inner['format'] !== undefined) kept['format'] = inner['format'];
  if (rest !== undefined) kept['source'] = { s3Location: rest };
  return { source: { kind: 'file', id }, extra: Object.keys(kept).length === 0 ? undefined : kept };
}

/** `part.extra` holds the members inside of the block, if there are unknown ones. Undefined: not for the hub. */
export function imagePart(json: JsonObject, path: string): Part | undefined {
  const at = join(path, 'image');
  const inner = needObject(json, 'image', path);
  const found = sourceOf(inner, imageType(needString(inner, 'format', at)), MEDIA_KEYS, at);
  if (found === undefined) return undefined;
  const part: Part = { type: 'image', source: found.source };
  if (found.extra !== undefined) part.extra = found.extra;
  return part;
}

export function audioPart(json: JsonObject, path: string): Part | undefined {
  const at = join(path, 'audio');
  const inner = needObject(json, 'audio', path);
  const format = needString(inner, 'format', at);
  const found = sourceOf(inner, audioType(format), MEDIA_KEYS, at);
  if (found === undefined) return undefined;
  const part: Part = { type: 'audio', source: found.source, format };
  if (found.extra !== undefined) part.extra = found.extra;
  return part;
}

/** The text of a document that is given as blocks. */
function contentText(content: JsonValue[]): string {
  const texts: string[] = [];
  for (const block of content)
    if (isObject(block) && typeof block['text'] === 'string') texts.push(block['text']);
  return texts.join('\n\n');
}

function textSource(inner: JsonObject, source: JsonObject, mediaType: string): Found | undefined {
  const extra = extraOf(inner, DOCUMENT_KEYS);
  if (typeof source['text'] === 'string')
    return { source: { kind: 'text', mediaType, text: source['text'] }, extra };
  if (!Array.isArray(source['content'])) return undefined;
  // Blocks say more than their text; a target of this format gets them back.
  return {
    source: { kind: 'text', mediaType, text: contentText(source['content']) },
    extra: { ...extra, source },
  };
}

export function documentPart(json: JsonObject, path: string): Part | undefined {
  const at = join(path, 'document');
  const inner = needObject(json, 'document', path);
  const source = needObject(inner, 'source', at);
  const format = optString(inner, 'format', at);
  const mediaType = documentType(format ?? 'txt') ?? 'application/octet-stream';
  const found = textSource(inner, source, mediaType) ?? sourceOf(inner, mediaType, DOCUMENT_KEYS, at);
  if (found === undefined) return undefined;
  const part: Part = { type: 'document', source: found.source };
  // Both stay in the bag as well, from which a target of this format gets them as they came.
  const { context, citations } = inner;
  if (typeof context === 'string') part.context = context;
  if (isObject(citations) && citations['enabled'] === true) part.cited = true;
  const extra: JsonObject = { ...found.extra };
  // Null stands for a format that was left out, where one would follow from the media type.
  if (found.source.kind !== 'file' && format !== documentFormat(mediaType)) extra['format'] = format ?? null;
  if (Object.keys(extra).length > 0) part.extra = extra;
  const name = optString(inner, 'name', at);
  if (name !== undefined) part.name = name;
  return part;
}
