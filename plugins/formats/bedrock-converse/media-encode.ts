import type { AudioPart, DocumentPart, ImagePart, JsonObject, MediaSource, Part } from '@headgate/sdk';
import { isObject } from '../shared/read-json.js';
import type { BlockContext } from './blocks-encode.js';
import { audioFormat, documentEnding, documentFormat, imageEnding, imageFormat } from './media-types.js';

/** What stood inside the block `kind` and has no name in the hub. */
export function innerExtra(part: Part, kind: string, context: BlockContext): JsonObject {
  const inner = context.same ? part.extra?.[kind] : undefined;
  return isObject(inner) ? inner : {};
}

/** The address of an object in S3, however the client put it. */
function s3Uri(source: MediaSource): string | undefined {
  const uri = source.kind === 'file' ? source.id : source.kind === 'url' ? source.url : '';
  return uri.startsWith('s3://') ? uri : undefined;
}

/** `{ bytes }` or `{ s3Location }`. Undefined: Converse fetches nothing and knows no files of others. */
function plainSource(source: MediaSource, inner: JsonObject): JsonObject | undefined {
  if (source.kind === 'base64') return { bytes: source.data };
  const uri = s3Uri(source);
  if (uri === undefined) return undefined;
  const kept = isObject(inner['source']) ? inner['source']['s3Location'] : undefined;
  return { s3Location: { ...(isObject(kept) ? kept : {}), uri } };
}

const NOT_FETCHED = 'must be sent as base64 or be in S3 in this format; nothing is fetched from elsewhere';

function block(inner: JsonObject, format: string, source: JsonObject): JsonObject {
  const json: JsonObject = { format, ...inner, source };
  if (json['format'] === null) delete json['format'];
  return json;
}

/** `{ format, source }` of an image, or undefined when Converse cannot take it (then it was warned about). */
export function imageBlock(
  part: ImagePart,
  inner: JsonObject,
  context: BlockContext,
): JsonObject | undefined {
  const source = plainSource(part.source, inner);
  if (source === undefined) {
    context.warn('image', `a picture ${NOT_FETCHED}`);
    return undefined;
  }
  const format =
    part.source.kind === 'base64'
      ? context.same
        ? part.source.mediaType.slice('image/'.length)
        : imageFormat(part.source.mediaType)
      : (imageEnding(s3Uri(part.source) as string) ?? 'png');
  if (format === undefined) {
    context.warn('image', 'only PNG, JPEG, GIF and WebP pictures can be sent in this format');
    return undefined;
  }
  if (part.detail !== undefined && part.detail !== 'auto')
    context.warn('detail', 'the detail of a picture cannot be chosen in this format');
  return block(inner, format, source);
}

export function audioBlock(part: AudioPart, context: BlockContext): JsonObject | undefined {
  const inner = innerExtra(part, 'audio', context);
  const source = plainSource(part.source, inner);
  const type = part.source.kind === 'base64' ? part.source.mediaType : '';
  const format = context.same ? part.format : audioFormat(type, part.format);
  if (source === undefined || format === undefined) {
    context.warn(
      'audio',
      source === undefined ? `sound ${NOT_FETCHED}` : 'this kind of sound cannot be sent',
    );
    return undefined;
  }
  return block(inner, format, source);
}

/**
 * Converse takes names of letters, digits, single spaces, hyphens, parentheses and square brackets, and each of them
 * once a request.
 */
export class DocumentNames {
  private readonly taken = new Set<string>();

  of(name: string | undefined): string {
    const clean = (name ?? '')
      .replace(/\.[a-zA-Z0-9]{1,5}$/, '')
      .normalize('NFKD')
      .replace(/[^a-zA-Z0-9\s\-()[\]]/g, ' ')
      .replace(/\s+/g, ' ')
      .trim()
      .slice(0, 190);
    const base = clean === '' ? 'Document' : clean;
    let free = base;
    for (let n = 2; this.taken.has(free); n++) free = `${base} (${n})`;
    this.taken.add(free);
    return free;
  }
}

/** A document of another format is sent as its bytes, which every model takes; text of its own only some do. */
function foreignDocument(part: DocumentPart, context: BlockContext): JsonObject | undefined {
  const { source } = part;
  const bytes: MediaSource =
    source.kind === 'text'
      ? { kind: 'base64', mediaType: source.mediaType, data: Buffer.from(source.text).toString('base64') }
      : source;
  const encoded = plainSource(bytes, {});
  if (encoded === undefined) {
    context.warn('document', `a document ${NOT_FETCHED}`);
    return undefined;
  }
  const format =
    bytes.kind === 'base64'
      ? documentFormat(bytes.mediaType)
      : documentEnding(part.name ?? (s3Uri(bytes) as string));
  if (format === undefined) {
    context.warn('document', 'only PDF, Word, Excel, CSV, HTML and text can be sent in this format');
    return undefined;
  }
  const json: JsonObject = { format, name: context.names.of(part.name), source: encoded };
  if (part.context === undefined && part.cited !== true) return json;
  if (context.traits.family !== 'anthropic' && context.traits.family !== '') {
    context.warn('document', 'this model takes nothing but the document itself');
    return json;
  }
  if (part.context !== undefined) json['context'] = part.context;
  if (part.cited === true) json['citations'] = { enabled: true };
  return json;
}

export function documentBlock(part: DocumentPart, context: BlockContext): JsonObject | undefined {
  if (!context.same) return foreignDocument(part, context);
  const inner = innerExtra(part, 'document', context);
  const { source } = part;
  const kept = isObject(inner['source']) && inner['source']['content'] !== undefined;
  const encoded =
    source.kind === 'text'
      ? kept
        ? (inner['source'] as JsonObject)
        : { text: source.text }
      : plainSource(source, inner);
  if (encoded === undefined) return foreignDocument(part, context);
  const mediaType = source.kind === 'base64' || source.kind === 'text' ? source.mediaType : '';
  const format = documentFormat(mediaType);
  const json: JsonObject = { ...(format === undefined ? {} : { format }), ...inner, source: encoded };
  if (json['format'] === null) delete json['format'];
  if (part.name !== undefined) json['name'] = part.name;
  return json;
}
