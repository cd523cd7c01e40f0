import type { JsonObject, TextPart } from '@headgate/sdk';
import { extraOf, isObject, needObject, stringOr } from '../shared/read-json.js';

const PART_KEYS = new Set(['type', 'document']);
/** Members of a document's data that hold its text, as Cohere's own examples name them. */
const TEXTS = ['text', 'snippet', 'content'];

/** The text of a document's data, headed by its title. */
export function textOfData(data: JsonObject): string {
  const title = stringOr(data['title'], '');
  const text = textOf(data);
  return title === '' ? text : `${title}\n\n${text}`;
}

function textOf(data: JsonObject): string {
  const { title: _, ...rest } = data;
  const keys = Object.keys(rest);
  const only = keys.length === 1 && TEXTS.includes(keys[0] as string) ? rest[keys[0] as string] : undefined;
  return typeof only === 'string' ? only : JSON.stringify(rest);
}

/**
 * `{ type: 'document', document: { id, data } }`, which tool results are made of: text for other formats, which would
 * take a document for a file, and as it came for this one.
 */
export function documentPart(json: JsonObject, path: string): TextPart {
  const document = needObject(json, 'document', path);
  const data = isObject(document['data']) ? document['data'] : {};
  return {
    type: 'text',
    text: textOfData(data),
    extra: { ...extraOf(json, PART_KEYS), document },
  };
}
