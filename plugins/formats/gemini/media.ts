import type { AudioPart, DocumentPart, ImagePart, JsonObject, MediaSource, Part, Warn } from '@headgate/sdk';
import { documentText } from '../shared/document-text.js';
import { spelled } from '../shared/google-spelling.js';
import { extraOf, isObject, join, needObject, needString, optString } from '../shared/read-json.js';
import { kindOfMediaType, mediaTypeOfUrl } from './media-type.js';

const INLINE_KEYS = new Set(['mimeType', 'data', 'displayName']);
const FILE_KEYS = new Set(['mimeType', 'fileUri', 'displayName']);
const FILE_OTHER = new Set(['fileUri']);
const INLINE_IMAGE = new Set(['mimeType', 'data']);

export type MediaPart = ImagePart | AudioPart | DocumentPart;

/** A file that only Google can read: uploaded to its Files API, or in its storage. */
function isBound(uri: string): boolean {
  return !/^https?:\/\//.test(uri) || /^https:\/\/generativelanguage\.googleapis\.com\//.test(uri);
}

function mediaPart(mediaType: string, source: MediaSource): MediaPart | undefined {
  const type = kindOfMediaType(mediaType);
  return type === undefined ? undefined : { type, source };
}

function inline(json: JsonObject, path: string): MediaPart | undefined {
  const blob = spelled(needObject(json, 'inlineData', path), INLINE_KEYS);
  const at = join(path, 'inlineData');
  const mediaType = needString(blob, 'mimeType', at);
  const data = needString(blob, 'data', at);
  // Google takes both alphabets of base64, the hub has the standard one.
  const standard = /[-_]/.test(data) ? data.replace(/-/g, '+').replace(/_/g, '/') : data;
  const part = mediaPart(mediaType, { kind: 'base64', mediaType, data: standard });
  if (part === undefined) return undefined;
  const name = part.type === 'document' ? optString(blob, 'displayName', at) : undefined;
  if (part.type === 'document' && name !== undefined) part.name = name;
  const extra = extraOf(blob, name === undefined ? INLINE_IMAGE : INLINE_KEYS);
  if (extra !== undefined) part.extra = { inlineData: extra };
  return part;
}

function file(json: JsonObject, path: string): MediaPart | undefined {
  const data = spelled(needObject(json, 'fileData', path), FILE_KEYS);
  const at = join(path, 'fileData');
  const uri = needString(data, 'fileUri', at);
  const mediaType = optString(data, 'mimeType', at);
  if (mediaType === undefined) return undefined;
  const part = mediaPart(mediaType, isBound(uri) ? { kind: 'file', id: uri } : { kind: 'url', url: uri });
  if (part === undefined) return undefined;
  part.extra = { fileData: extraOf(data, FILE_OTHER) ?? {} };
  return part;
}

/** Resolutions by OpenAI's words for the detail of a picture; those between them have none. */
const RESOLUTIONS: Readonly<Record<string, string>> = {
  low: 'MEDIA_RESOLUTION_LOW',
  high: 'MEDIA_RESOLUTION_HIGH',
};

function detailOf(json: JsonObject): string | undefined {
  const resolution = json['mediaResolution'];
  const level = isObject(resolution) ? resolution['level'] : undefined;
  return Object.keys(RESOLUTIONS).find((detail) => RESOLUTIONS[detail] === level);
}

/** `inlineData` or `fileData`; undefined for a film, or a file of unknown type. */
export function decodeMedia(json: JsonObject, path: string): MediaPart | undefined {
  const part =
    isObject(json['inlineData']) || json['fileData'] === undefined ? inline(json, path) : file(json, path);
  // The resolution stays in the bag as well, from which a target of this format gets it as it came.
  const detail = part?.type === 'image' ? detailOf(json) : undefined;
  if (part?.type === 'image' && detail !== undefined) part.detail = detail;
  return part;
}

function inner(part: Part, name: string, same: boolean): JsonObject {
  const extra = same ? part.extra?.[name] : undefined;
  return isObject(extra) ? extra : {};
}

/** What an encoder of media must know. */
export interface MediaContext {
  same: boolean;
  /** The model takes the resolution of each picture. */
  resolutions: boolean;
  warn: Warn;
}

/** A part with `inlineData`, `fileData` or the text of a document; undefined when the format cannot say it. */
export function encodeMedia(part: MediaPart, context: MediaContext): JsonObject | undefined {
  const json = bareMedia(part, context);
  const detail = part.type === 'image' && !context.same ? part.detail : undefined;
  if (json === undefined || detail === undefined || detail === 'auto') return json;
  const level = context.resolutions ? RESOLUTIONS[detail] : undefined;
  if (level !== undefined) return { ...json, mediaResolution: { level } };
  context.warn('detail', 'the detail of a picture cannot be chosen for this model');
  return json;
}

function bareMedia(part: MediaPart, { same, warn }: MediaContext): JsonObject | undefined {
  const { source } = part;
  const name = part.type === 'document' ? part.name : undefined;
  switch (source.kind) {
    case 'text':
      return { text: (part.type === 'document' && documentText(part)) || source.text };
    case 'base64': {
      const blob: JsonObject = {
        ...inner(part, 'inlineData', same),
        mimeType: source.mediaType,
        data: source.data,
      };
      if (name !== undefined && same) blob['displayName'] = name;
      else if (name !== undefined) warn('filename', 'documents have no name in this format');
      return { inlineData: blob };
    }
    case 'url': {
      const rest = inner(part, 'fileData', same);
      const mimeType = rest['mimeType'] ?? mediaTypeOfUrl(source.url, part.type);
      return { fileData: { ...rest, mimeType, fileUri: source.url } };
    }
    case 'file':
      if (same) return { fileData: { ...inner(part, 'fileData', same), fileUri: source.id } };
      warn('file', 'a file kept by another provider cannot be sent in this format');
      return undefined;
  }
}
