import type { JsonObject, JsonValue, ReasoningPart } from '@headgate/sdk';
import { isObject } from './read-json.js';

/**
 * Signed and encrypted reasoning in an API that has plain text only. Beside the text stands `reasoning_details`, the array
 * that OpenRouter introduced:
 *
 *     { "type": "reasoning.text", "text": "…", "signature": "…" }
 *     { "type": "reasoning.encrypted", "data": "…", "format": "…" }
 *
 * `format` names whose reasoning it is, where that is known; it is kept in the part's `extra` bag. A client that sends the message back as it got it keeps Anthropic's thinking valid.
 */

function partOf(detail: JsonObject): ReasoningPart | undefined {
  const { type, text, signature, data } = detail;
  let part: ReasoningPart;
  if (type === 'reasoning.text' && typeof text === 'string') {
    part = { type: 'reasoning', text };
    if (typeof signature === 'string' && signature !== '') part.signature = signature;
  } else if (type === 'reasoning.encrypted' && typeof data === 'string')
    part = { type: 'reasoning', text: '', encrypted: data };
  else return undefined;
  if (typeof detail['format'] === 'string') part.extra = { format: detail['format'] };
  return part;
}

/** The parts that the array says; none when it is missing or says nothing known. */
export function partsOfDetails(details: JsonValue | undefined): ReasoningPart[] {
  const parts: ReasoningPart[] = [];
  if (Array.isArray(details))
    for (const detail of details) {
      const part = isObject(detail) ? partOf(detail) : undefined;
      if (part !== undefined) parts.push(part);
    }
  return parts;
}

export function detailOf(part: ReasoningPart): JsonObject {
  const json: JsonObject =
    part.encrypted === undefined
      ? { type: 'reasoning.text', text: part.text }
      : { type: 'reasoning.encrypted', data: part.encrypted };
  if (part.signature !== undefined) json['signature'] = part.signature;
  const format = part.extra?.['format'];
  if (typeof format === 'string') json['format'] = format;
  return json;
}

/** Thoughts as one plain text. */
export function joinedThoughts(parts: ReasoningPart[]): string {
  return parts
    .map((part) => part.text)
    .filter((text) => text !== '')
    .join('\n\n');
}

/** Undefined when plain text says it all. */
export function detailsOf(parts: ReasoningPart[]): JsonObject[] | undefined {
  const needed = parts.some((part) => part.signature !== undefined || part.encrypted !== undefined);
  return needed ? parts.map(detailOf) : undefined;
}
