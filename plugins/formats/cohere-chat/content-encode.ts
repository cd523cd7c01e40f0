import type { DocumentPart, ImagePart, JsonObject, Part, ReasoningPart, Warn } from '@headgate/sdk';
import { dataUrl } from '../shared/data-url.js';
import { documentText } from '../shared/document-text.js';
import { isObject } from '../shared/read-json.js';
import { warnOfSeal } from '../shared/reasoning-seal.js';
import { kindInWords } from '../shared/value-in-words.js';
import { COHERE_CHAT } from './types.js';

/** What an encoder of messages must know. */
export interface MessageContext {
  /** The request was decoded from this very format, so `extra` bags are written again. */
  same: boolean;
  warn: Warn;
}

function image(part: ImagePart, { same, warn }: MessageContext): JsonObject | undefined {
  const { source } = part;
  if (source.kind === 'file' || source.kind === 'text') {
    warn('image', 'a picture kept by another provider cannot be sent in this format');
    return undefined;
  }
  const { image_url: inner, ...extra } = (same ? part.extra : undefined) ?? {};
  const json: JsonObject = {
    ...(isObject(inner) ? inner : {}),
    url: source.kind === 'url' ? source.url : dataUrl(source.mediaType, source.data),
  };
  if (part.detail !== undefined) json['detail'] = part.detail;
  return { ...extra, type: 'image_url', image_url: json };
}

/** Text is all that Cohere reads of a document in a message. */
function document(part: DocumentPart, { warn }: MessageContext): JsonObject | undefined {
  const text = documentText(part);
  if (text !== undefined) return { type: 'text', text };
  warn('document', 'only documents of plain text can be sent in this format');
  return undefined;
}

function thinking(part: ReasoningPart, { same, warn }: MessageContext): JsonObject | undefined {
  if (same) {
    const json: JsonObject = { ...part.extra, type: 'thinking', thinking: part.text };
    if (part.signature !== undefined) json['signature'] = part.signature;
    if (part.encrypted !== undefined) json['encrypted'] = part.encrypted;
    return json;
  }
  warnOfSeal(part, warn);
  if (part.encrypted !== undefined) return undefined;
  return part.text === '' ? undefined : { type: 'thinking', thinking: part.text };
}

/** One item of a content list, or undefined when this format cannot say it (then it was warned about). */
export function encodePart(part: Part, context: MessageContext): JsonObject | undefined {
  const { same, warn } = context;
  switch (part.type) {
    case 'text':
      if (!same && part.text === '') return undefined;
      if (same && part.extra?.['document'] !== undefined) return { ...part.extra, type: 'document' };
      return { ...(same ? part.extra : {}), type: 'text', text: part.text };
    case 'refusal':
      return part.text === '' ? undefined : { type: 'text', text: part.text };
    case 'reasoning':
      return thinking(part, context);
    case 'image':
      return image(part, context);
    case 'document':
      return document(part, context);
    case 'audio':
      warn('audio', 'sound is not part of this format');
      return undefined;
    case 'opaque':
      if (part.format === COHERE_CHAT) return part.value;
      warn('content', `a part of type '${kindInWords(part.value)}' is only known to ${part.format}`);
      return undefined;
    default:
      warn('content', `a part of type '${part.type}' cannot be sent here in this format`);
      return undefined;
  }
}

/**
 * Content as a string where one text is all it is, else as a list. `list`: it was a list when it came. From another
 * format several texts are joined with `glue`; undefined keeps them apart.
 */
export function encodeContent(
  parts: Part[],
  context: MessageContext,
  list: boolean,
  glue?: string,
): string | JsonObject[] {
  const content: JsonObject[] = [];
  for (const part of parts) {
    const json = encodePart(part, context);
    if (json !== undefined) content.push(json);
  }
  if (list) return content;
  const texts = content.every((json) => json['type'] === 'text');
  if (content.length === 0) return '';
  if (texts && (content.length === 1 || glue !== undefined))
    return content.map((json) => String(json['text'])).join(glue);
  return content;
}
