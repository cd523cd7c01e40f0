import type { JsonValue, Part, TextPart } from '@headgate/sdk';
import { isObject } from '../shared/read-json.js';

/**
 * Gives each citation of a message to the text it is of: the one that `content_index` names, else the first. Returns
 * those that are of no text, of the thinking or the plan, as they came.
 */
export function attachCitations(content: Part[], citations: JsonValue[]): JsonValue[] {
  const first = content.find((part): part is TextPart => part.type === 'text');
  return citations.filter((citation) => {
    const index = isObject(citation) ? citation['content_index'] : undefined;
    const type = isObject(citation) ? citation['type'] : undefined;
    const named = typeof index === 'number' ? content[index] : first;
    const of = type === undefined || type === null || type === 'TEXT_CONTENT' ? named : undefined;
    if (of?.type !== 'text') return true;
    of.citations ??= [];
    of.citations.push(citation);
    return false;
  });
}

/** All citations of a message's parts, in the order of the parts. */
export function citationsOf(parts: Part[]): JsonValue[] {
  return parts.flatMap((part) => (part.type === 'text' ? (part.citations ?? []) : []));
}
