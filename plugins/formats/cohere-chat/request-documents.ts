import type { JsonObject, JsonValue, Message, TextPart } from '@headgate/sdk';
import { isObject, stringOr } from '../shared/read-json.js';
import { textOfData } from './documents.js';

/** Name in a part's `extra` bag of the document that it stands for. */
const MARK = 'requestDocument';

function partOf(document: JsonValue): TextPart {
  const data = isObject(document) && isObject(document['data']) ? document['data'] : {};
  const text = typeof document === 'string' ? document : textOfData(data);
  const id = isObject(document) ? stringOr(document['id'], '') : '';
  const head = id === '' ? '<document>' : `<document id=${JSON.stringify(id)}>`;
  return { type: 'text', text: `${head}\n${text}\n</document>`, extra: { [MARK]: document } };
}

/**
 * `documents` of a request, which the model is to answer by, as text before the last that the user says: other formats
 * have no such member, and some take but few files. False when nobody says anything.
 */
export function putDocuments(documents: JsonValue[], messages: Message[]): boolean {
  const last = messages.findLast((message) => message.role === 'user');
  if (last === undefined) return false;
  last.parts.unshift(...documents.map(partOf));
  return true;
}

/** The messages of a request of this format without its documents, and these. */
export function takeDocuments(messages: Message[]): { messages: Message[]; documents: JsonValue[] } {
  const documents: JsonValue[] = [];
  const isDocument = (extra: JsonObject | undefined): boolean => {
    const document = extra?.[MARK];
    if (document !== undefined) documents.push(document);
    return document !== undefined;
  };
  const rest = messages.map((message) =>
    message.role === 'user'
      ? { ...message, parts: message.parts.filter((part) => !isDocument(part.extra)) }
      : message,
  );
  return { messages: rest, documents };
}
