import type { AudioPart, DocumentPart, ImagePart, JsonObject, Part, Warn } from '@headgate/sdk';
import { cacheControl } from '../shared/cache-mark.js';
import { dataUrl } from '../shared/data-url.js';
import { fileName } from '../shared/file-name.js';
import { isObject } from '../shared/read-json.js';
import { kindInWords } from '../shared/value-in-words.js';
import { OPENAI_CHAT } from './types.js';

/** What an encoder of messages must know. */
export interface MessageContext {
  /** The request was decoded from this very format, so `extra` bags and provider-bound ids are written again. */
  same: boolean;
  /** Calls of custom tools, and these themselves, may be written as such. */
  custom: boolean;
  /** Plain reasoning of earlier turns may be sent back: servers of open models want it, OpenAI's own API has no place for it. */
  reasoning: boolean;
  warn: Warn;
}

/** `extra` without the members that stand for an inner object. */
function outer(part: Part, inner: string): JsonObject {
  if (part.extra === undefined) return {};
  const { [inner]: _, ...rest } = part.extra;
  return rest;
}

function inner(part: Part, name: string, context: MessageContext): JsonObject {
  const extra = context.same ? part.extra?.[name] : undefined;
  return isObject(extra) ? extra : {};
}

function image(part: ImagePart, context: MessageContext): JsonObject | undefined {
  const { source } = part;
  if (source.kind === 'file' || source.kind === 'text') {
    context.warn('image', 'a picture kept by another provider cannot be sent in this format');
    return undefined;
  }
  const url = source.kind === 'url' ? source.url : dataUrl(source.mediaType, source.data);
  const json: JsonObject = { url, ...inner(part, 'image_url', context) };
  if (part.detail !== undefined) json['detail'] = part.detail;
  return { ...(context.same ? outer(part, 'image_url') : {}), type: 'image_url', image_url: json };
}

function audio(part: AudioPart, context: MessageContext): JsonObject | undefined {
  if (part.source.kind !== 'base64') {
    context.warn('audio', 'sound can only be sent as base64 in this format');
    return undefined;
  }
  const { mediaType, data } = part.source;
  const subtype = mediaType.slice(mediaType.indexOf('/') + 1);
  const format = part.format ?? (subtype === 'mpeg' ? 'mp3' : subtype.replace(/^x-/, ''));
  return { ...(context.same ? part.extra : {}), type: 'input_audio', input_audio: { data, format } };
}

function document(part: DocumentPart, context: MessageContext): JsonObject | undefined {
  const { source } = part;
  const file: JsonObject = { ...inner(part, 'file', context) };
  const named = part.name !== undefined;
  if (named) file['filename'] = part.name;
  switch (source.kind) {
    case 'text':
      return { type: 'text', text: named ? `${part.name}\n\n${source.text}` : source.text };
    case 'base64':
      file['file_data'] = dataUrl(source.mediaType, source.data);
      if (!context.same) file['filename'] = fileName(part.name, source.mediaType);
      break;
    case 'file':
      if (!context.same) {
        context.warn('document', 'a file kept by another provider cannot be sent in this format');
        return undefined;
      }
      file['file_id'] = source.id;
      break;
    case 'url':
      if (!context.same) {
        context.warn('document', 'a document cannot be given by its URL in this format');
        return undefined;
      }
      file['file_data'] = source.url;
  }
  return { ...(context.same ? outer(part, 'file') : {}), type: 'file', file };
}

/** One content part, or undefined when this format cannot say it (then it was warned about). */
function bare(part: Part, context: MessageContext): JsonObject | undefined {
  switch (part.type) {
    case 'text':
      return { ...(context.same ? part.extra : {}), type: 'text', text: part.text };
    case 'refusal':
      return { ...(context.same ? part.extra : {}), type: 'refusal', refusal: part.text };
    case 'image':
      return image(part, context);
    case 'audio':
      return audio(part, context);
    case 'document':
      return document(part, context);
    case 'opaque':
      if (part.format === OPENAI_CHAT) return part.value;
      context.warn('content', `a part of type '${kindInWords(part.value)}' is only known to ${part.format}`);
      return undefined;
    default:
      return undefined;
  }
}

export function encodePart(part: Part, context: MessageContext): JsonObject | undefined {
  const json = bare(part, context);
  if (json === undefined || part.cache === undefined) return json;
  if (context.same) json['cache_control'] = cacheControl(part.cache);
  return json;
}

function isPlain(part: Part, context: MessageContext): boolean {
  return part.type === 'text' && !(context.same && (part.cache !== undefined || part.extra !== undefined));
}

/**
 * Content as a string where nothing but text would be said, else as an array. From another format several texts are
 * joined with `glue`, since many servers take a string only; undefined keeps them apart.
 */
export function encodeContent(parts: Part[], context: MessageContext, glue?: string): string | JsonObject[] {
  const first = parts[0];
  if (parts.length === 1 && first?.type === 'text' && isPlain(first, context)) return first.text;
  const content: JsonObject[] = [];
  for (const part of parts) {
    const json = encodePart(part, context);
    if (json !== undefined) content.push(json);
  }
  if (context.same) return content;
  if (content.length === 0) return '';
  if ((glue === undefined && content.length > 1) || content.some((json) => json['type'] !== 'text'))
    return content;
  return content.map((json) => json['text']).join(glue);
}
