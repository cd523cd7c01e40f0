import type { JsonObject, JsonValue, Part, ReasoningPart } from '@headgate/sdk';
import { extraOf, isObject } from '../shared/read-json.js';
import {
  openForeign,
  openResponses,
  RESPONSES_REASONING,
  sealForeign,
  sealResponses,
} from '../shared/reasoning-seal.js';
import { mark, marksOf, OPENAI_RESPONSES } from './types.js';

/**
 * A reasoning item is `{ id, type: 'reasoning', summary: [{ type: 'summary_text', text }], content?: [{ type:
 * 'reasoning_text', text }], encrypted_content? }`. In the hub each text is a part, and the encrypted content a part
 * after them, sealed so that it is known again when a client of another format sends it back. The item's own members
 * are with its first part.
 */

const ITEM_KEYS = new Set(['type', 'summary']);
const TEXT_KEYS = new Set(['type', 'text']);

/** Undefined when an entry is of a kind the hub has no name for. */
function textsOf(list: JsonValue | undefined, type: string): ReasoningPart[] | undefined {
  if (list === undefined || list === null) return [];
  if (!Array.isArray(list)) return undefined;
  const parts: ReasoningPart[] = [];
  for (const entry of list) {
    if (!isObject(entry) || entry['type'] !== type || typeof entry['text'] !== 'string') return undefined;
    const part: ReasoningPart = { type: 'reasoning', text: entry['text'] };
    const rest = extraOf(entry, TEXT_KEYS);
    if (rest !== undefined) mark(part, 'part', rest);
    if (type === 'reasoning_text') mark(part, 'kind', 'content');
    parts.push(part);
  }
  return parts;
}

/** The members of the item beside its texts and its encrypted content. */
export function reasoningRest(json: JsonObject): JsonObject {
  const rest = extraOf(json, ITEM_KEYS) ?? {};
  if (Array.isArray(rest['content']) && rest['content'].length > 0) delete rest['content'];
  if (typeof rest['encrypted_content'] === 'string') delete rest['encrypted_content'];
  return rest;
}

export function encryptedPart(itemId: JsonValue | undefined, content: string): ReasoningPart {
  const encrypted = sealResponses(typeof itemId === 'string' ? itemId : '', content);
  return { type: 'reasoning', text: '', encrypted, extra: { format: RESPONSES_REASONING } };
}

/** Parts of a reasoning item. One that says nothing stays opaque: no other format has a use for it. */
export function decodeReasoning(json: JsonObject): Part[] {
  const summary = textsOf(json['summary'], 'summary_text');
  const content = textsOf(json['content'], 'reasoning_text');
  const opaque: Part = { type: 'opaque', format: OPENAI_RESPONSES, value: json };
  if (summary === undefined || content === undefined) return [opaque];
  const encrypted = json['encrypted_content'];
  const foreign = typeof encrypted === 'string' ? openForeign(encrypted) : undefined;
  let parts: ReasoningPart[] = [...summary, ...content];
  if (foreign !== undefined) {
    const text = parts.map((part) => part.text).join('\n\n');
    const { format, ...sealed } = foreign;
    const whole: ReasoningPart = { type: 'reasoning', text, ...sealed };
    if (format !== undefined) mark(whole, 'format', format);
    parts = [whole];
  } else if (typeof encrypted === 'string') parts.push(encryptedPart(json['id'], encrypted));
  const first = parts[0];
  if (first === undefined) return [opaque];
  mark(first, 'item', reasoningRest(json));
  return parts;
}

/** `encrypted_content` for one part, or undefined when it has nothing that must come back unchanged. */
export function encryptedContent(part: ReasoningPart): string | undefined {
  const own = part.encrypted === undefined ? undefined : openResponses(part.encrypted);
  if (own !== undefined) return own.content;
  const { signature, encrypted } = part;
  if (signature === undefined && encrypted === undefined) return undefined;
  const format = part.extra?.['format'];
  return sealForeign({
    ...(signature === undefined ? {} : { signature }),
    ...(encrypted === undefined ? {} : { encrypted }),
    ...(typeof format === 'string' ? { format } : {}),
  });
}

/** Reasoning that no server of this API made: it cannot read it, and refuses what it cannot verify. */
export function isForeign(part: ReasoningPart): boolean {
  if (part.signature !== undefined) return true;
  return part.encrypted !== undefined && openResponses(part.encrypted) === undefined;
}

/** One reasoning item of these parts. `members`: what the item has beside them. */
export function reasoningItem(parts: readonly ReasoningPart[], members: JsonObject): JsonObject {
  const summary: JsonObject[] = [];
  const content: JsonObject[] = [];
  let encrypted: string | undefined;
  for (const part of parts) {
    const marks = marksOf(part);
    encrypted = encryptedContent(part) ?? encrypted;
    if (part.text === '' && part.encrypted !== undefined) continue;
    if (marks.kind === 'content') content.push({ ...marks.part, type: 'reasoning_text', text: part.text });
    else summary.push({ ...marks.part, type: 'summary_text', text: part.text });
  }
  const item: JsonObject = { ...members, type: 'reasoning', summary };
  if (content.length > 0) item['content'] = content;
  if (encrypted !== undefined) item['encrypted_content'] = encrypted;
  return item;
}

export function saysSomething(part: ReasoningPart): boolean {
  return part.text !== '' || part.signature !== undefined || part.encrypted !== undefined;
}
