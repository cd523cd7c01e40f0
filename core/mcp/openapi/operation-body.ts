import type { JsonObject } from '@headgate/sdk';
import type { Path } from '../../config/path.js';
import { isObject } from '../json-object.js';
import type { ApiDocument } from './document.js';
import { styleOf, type ValueStyle } from './parameters.js';

export type BodyKind = 'json' | 'form' | 'multipart' | 'text';

/** What an operation takes as its body. */
export interface BodyForm {
  readonly kind: BodyKind;
  /** Of the request. Of `multipart` without its boundary. */
  readonly contentType: string;
  readonly required: boolean;
  /** Its schema; null where it is a text, whatever the document says of that. */
  readonly node: unknown;
  readonly path: Path;
  /** What a tool says of it where it says nothing of its form. */
  readonly plain: JsonObject;
  /** Of properties of forms that say so; others by what they hold. */
  readonly styles: ReadonlyMap<string, ValueStyle>;
  /** Of parts that say what they are, or that are files. */
  readonly partTypes: ReadonlyMap<string, string>;
}

/** Which of several forms is used: the first of these that there is. */
const KINDS: readonly (readonly [kind: BodyKind, type: RegExp])[] = [
  ['json', /^application\/json\b/i],
  ['json', /^application\/[\w.+-]*\+json\b/i],
  ['form', /^application\/x-www-form-urlencoded\b/i],
  ['multipart', /^multipart\/form-data\b/i],
  ['text', /^text\/plain\b/i],
  ['json', /^\*\/\*/],
  ['text', /./],
];

/** Null where there is no body. Throws DocumentProblem. */
export function bodyOf(document: ApiDocument, node: unknown, at: Path): BodyForm | null {
  if (node === undefined) return null;
  const { value, path } = document.object(node, at, 'a request body');
  const { content } = value;
  if (!isObject(content)) throw document.problem([...path, 'content'], 'expected media types');
  const types = Object.keys(content);
  for (const [kind, pattern] of KINDS) {
    const type = types.find((one) => pattern.test(one));
    if (type === undefined) continue;
    const media = document.object(content[type], [...path, 'content', type], 'a media type');
    const contentType = type.includes('*') ? (kind === 'json' ? 'application/json' : 'text/plain') : type;
    const plain: JsonObject = { type: kind === 'text' ? 'string' : kind === 'json' ? JSON_TYPES : 'object' };
    const schema = media.value['schema'];
    return {
      kind,
      contentType,
      required: value['required'] === true,
      node: kind === 'text' ? null : (schema ?? plain),
      path: [...media.path, 'schema'],
      plain,
      ...partsOf(document, media.value, media.path, kind),
    };
  }
  return null;
}

const JSON_TYPES = ['object', 'array', 'string', 'number', 'boolean', 'null'];

function partsOf(
  document: ApiDocument,
  media: JsonObject,
  path: Path,
  kind: BodyKind,
): Pick<BodyForm, 'styles' | 'partTypes'> {
  const styles = new Map<string, ValueStyle>();
  const partTypes = new Map<string, string>();
  if (kind !== 'form' && kind !== 'multipart') return { styles, partTypes };
  const schema = media['schema'];
  if (kind === 'multipart' && schema !== undefined) {
    const { properties } = document.object(schema, [...path, 'schema'], 'a schema').value;
    for (const [name, one] of Object.entries(isObject(properties) ? properties : {}))
      if (isObject(one) && (one['format'] === 'binary' || one['contentMediaType'] !== undefined))
        partTypes.set(name, String(one['contentMediaType'] ?? 'application/octet-stream'));
  }
  const { encoding = {} } = media;
  for (const [name, one] of Object.entries(isObject(encoding) ? encoding : {})) {
    if (!isObject(one)) throw document.problem([...path, 'encoding', name], 'expected how it is written');
    const { contentType, style } = one;
    if (typeof contentType === 'string') {
      // Several may be allowed.
      const [first = ''] = contentType.split(',');
      if (/^[\w.+/-]+(;\s*[\w-]+=[\w-]+)*$/.test(first.trim())) partTypes.set(name, first.trim());
    }
    if (style !== undefined) styles.set(name, styleOf(document, one, [...path, 'encoding', name], 'query'));
  }
  return { styles, partTypes };
}
