import type { AudioPart, DocumentPart, ImagePart, JsonObject, Part, Warn } from '@headgate/sdk';
import { cacheControl } from '../shared/cache-mark.js';
import { dataUrl } from '../shared/data-url.js';
import { fileName } from '../shared/file-name.js';
import { kindInWords } from '../shared/value-in-words.js';
import type { TextType } from './content-decode.js';
import { marksOf, OPENAI_RESPONSES } from './types.js';

/** What an encoder of items must know. */
export interface ItemContext {
  /** The request was decoded from this very format, so `extra` bags and provider-bound ids are written again. */
  same: boolean;
  /** Calls of custom tools, and these themselves, may be written as such. */
  custom: boolean;
  warn: Warn;
  /** Ids of calls of custom tools, where the outputs do not say themselves that they are theirs. */
  customCalls?: ReadonlySet<string>;
}

function rest(part: Part, context: ItemContext): JsonObject {
  return context.same ? (marksOf(part).part ?? {}) : {};
}

function text(part: Extract<Part, { type: 'text' }>, usual: TextType, context: ItemContext): JsonObject {
  const type = (context.same ? marksOf(part).type : undefined) ?? usual;
  const json: JsonObject = { ...rest(part, context), type, text: part.text };
  if (context.same) {
    if (part.citations !== undefined) json['annotations'] = part.citations;
  } else if (type === 'output_text') json['annotations'] = [];
  return json;
}

function image(part: ImagePart, context: ItemContext): JsonObject | undefined {
  const { source } = part;
  const json: JsonObject = { ...rest(part, context), type: 'input_image' };
  switch (source.kind) {
    case 'url':
      json['image_url'] = source.url;
      break;
    case 'base64':
      json['image_url'] = dataUrl(source.mediaType, source.data);
      break;
    case 'file':
      if (!context.same) {
        context.warn('image', 'a picture kept by another provider cannot be sent in this format');
        return undefined;
      }
      json['file_id'] = source.id;
      break;
    case 'text':
      context.warn('image', 'text is no picture in this format');
      return undefined;
  }
  if (part.detail !== undefined) json['detail'] = part.detail;
  else if (!context.same) json['detail'] = 'auto';
  return json;
}

function document(part: DocumentPart, context: ItemContext): JsonObject | undefined {
  const { source } = part;
  const json: JsonObject = { ...rest(part, context), type: 'input_file' };
  if (part.name !== undefined) json['filename'] = part.name;
  switch (source.kind) {
    case 'text': {
      const named = part.name === undefined ? source.text : `${part.name}\n\n${source.text}`;
      return { type: 'input_text', text: named };
    }
    case 'url':
      // A name beside a URL is refused.
      if (!context.same) delete json['filename'];
      json['file_url'] = source.url;
      return json;
    case 'base64':
      json['file_data'] =
        context.same && marksOf(part).bare === true ? source.data : dataUrl(source.mediaType, source.data);
      if (!context.same) json['filename'] = fileName(part.name, source.mediaType);
      return json;
    case 'file':
      if (!context.same) {
        context.warn('document', 'a file kept by another provider cannot be sent in this format');
        return undefined;
      }
      json['file_id'] = source.id;
      return json;
  }
}

function audio(part: AudioPart, context: ItemContext): JsonObject | undefined {
  if (part.source.kind !== 'base64') {
    context.warn('audio', 'sound can only be sent as base64 in this format');
    return undefined;
  }
  const { mediaType, data } = part.source;
  const subtype = mediaType.slice(mediaType.indexOf('/') + 1);
  const format = part.format ?? (subtype === 'mpeg' ? 'mp3' : subtype.replace(/^x-/, ''));
  return { ...rest(part, context), type: 'input_audio', input_audio: { data, format } };
}

function bare(part: Part, usual: TextType, context: ItemContext): JsonObject | undefined {
  switch (part.type) {
    case 'text':
      return text(part, usual, context);
    case 'refusal':
      // Only the assistant refuses.
      return usual === 'output_text' || context.same
        ? { ...rest(part, context), type: 'refusal', refusal: part.text }
        : { type: 'input_text', text: part.text };
    case 'image':
    case 'document':
    case 'audio':
      if (usual === 'output_text' && !context.same) {
        context.warn('content', 'the assistant’s own messages hold nothing but text in this format');
        return undefined;
      }
      return part.type === 'image'
        ? image(part, context)
        : part.type === 'document'
          ? document(part, context)
          : audio(part, context);
    case 'opaque':
      if (part.format === OPENAI_RESPONSES) return part.value;
      context.warn('content', `a part of type '${kindInWords(part.value)}' is only known to ${part.format}`);
      return undefined;
    default:
      return undefined;
  }
}

/** One content part, or undefined when this format cannot say it (then it was warned about). */
export function encodePart(part: Part, usual: TextType, context: ItemContext): JsonObject | undefined {
  const json = bare(part, usual, context);
  if (json === undefined || part.cache === undefined) return json;
  if (!context.same)
    context.warn(
      'cache_control',
      'not every server of this format has cache marks; prompts are cached automatically where they are',
    );
  else if (marksOf(part).cache === undefined) json['prompt_cache_breakpoint'] = { mode: 'explicit' };
  else json['cache_control'] = cacheControl(part.cache);
  return json;
}

export function encodeParts(parts: readonly Part[], usual: TextType, context: ItemContext): JsonObject[] {
  const content: JsonObject[] = [];
  for (const part of parts) {
    const json = encodePart(part, usual, context);
    if (json !== undefined) content.push(json);
  }
  return content;
}

/**
 * Content that came as a string, and is still one text, becomes a string again. From another format one text is
 * written as a string too, which every server takes.
 */
export function stringOrParts(
  parts: readonly Part[],
  string: boolean,
  usual: TextType,
  context: ItemContext,
): string | JsonObject[] {
  const content = encodeParts(parts, usual, context);
  const only = content[0];
  if (content.length !== 1 || typeof only?.['text'] !== 'string') return content;
  return string || !context.same ? only['text'] : content;
}
