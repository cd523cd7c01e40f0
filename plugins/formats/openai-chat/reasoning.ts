import type { JsonObject, JsonValue, Part, ReasoningPart } from '@headgate/sdk';
import { extraOf, isObject, stringOr } from '../shared/read-json.js';
import { OPENAI_CHAT } from './types.js';

/**
 * Reasoning of an assistant message. Its text is in `reasoning_content` (DeepSeek, vLLM, Qwen, Moonshot) or `reasoning`
 * (OpenRouter, Groq). What a provider signed or encrypted is in `reasoning_details`, the array OpenRouter introduced:
 *
 *     { "type": "reasoning.text", "text": "…", "signature": "…" }
 *     { "type": "reasoning.encrypted", "data": "…" }
 *     { "type": "reasoning.summary", "summary": "…" }
 *
 * A client that sends the array back unchanged in the next turn keeps Anthropic's thinking valid.
 */

const TEXT_KEYS = new Set(['text', 'signature']);
const SUMMARY_KEYS = new Set(['summary']);
const DATA_KEYS = new Set(['data']);

export function reasoningText(message: JsonObject): string | undefined {
  const content = message['reasoning_content'];
  if (typeof content === 'string') return content;
  const reasoning = message['reasoning'];
  return typeof reasoning === 'string' ? reasoning : undefined;
}

/** One entry of `reasoning_details`; a type the hub does not know stays opaque. `type` is kept in `extra` as it came. */
function partOfDetail(detail: JsonObject): Part {
  const { type } = detail;
  if (type === 'reasoning.text') {
    const part: ReasoningPart = { type: 'reasoning', text: stringOr(detail['text'], '') };
    if (typeof detail['signature'] === 'string' && detail['signature'] !== '')
      part.signature = detail['signature'];
    part.extra = extraOf(detail, TEXT_KEYS) ?? {};
    return part;
  }
  if (type === 'reasoning.encrypted' && typeof detail['data'] === 'string')
    return {
      type: 'reasoning',
      text: '',
      encrypted: detail['data'],
      extra: extraOf(detail, DATA_KEYS) ?? {},
    };
  if (type === 'reasoning.summary' && typeof detail['summary'] === 'string')
    return { type: 'reasoning', text: detail['summary'], extra: extraOf(detail, SUMMARY_KEYS) ?? {} };
  return { type: 'opaque', format: OPENAI_CHAT, value: detail };
}

/** Whether an opaque value belongs into `reasoning_details`. */
export function isDetail(value: JsonObject): boolean {
  return typeof value['type'] === 'string' && value['type'].startsWith('reasoning.');
}

/** The reasoning of a message. The details win over the plain text, which repeats them. */
export function reasoningParts(message: JsonObject): Part[] {
  const details = message['reasoning_details'];
  if (Array.isArray(details)) {
    const objects = details.filter(isObject);
    if (objects.length > 0) return objects.map(partOfDetail);
  }
  const text = reasoningText(message);
  return text === undefined || text === '' ? [] : [{ type: 'reasoning', text }];
}

function detailOf(part: ReasoningPart, index: number): JsonObject {
  const extra = part.extra ?? { index };
  if (part.encrypted !== undefined) return { type: 'reasoning.encrypted', data: part.encrypted, ...extra };
  if (extra['type'] === 'reasoning.summary')
    return { type: 'reasoning.summary', summary: part.text, ...extra };
  const signed = part.signature === undefined ? {} : { signature: part.signature };
  return { type: 'reasoning.text', text: part.text, ...signed, ...extra };
}

/**
 * Writes reasoning into an assistant message. The details are only written when plain text would lose something:
 * a signature, encrypted reasoning, or members that came in details. `repeat`: an answer gives the text beside the
 * details too, for clients that know the text only; the history of a request says it once.
 */
export function writeReasoning(
  message: JsonObject,
  parts: ReasoningPart[],
  opaque: JsonObject[],
  repeat: boolean,
): void {
  let text = '';
  let details = opaque.length > 0;
  for (const part of parts) {
    text += part.text;
    if (part.signature !== undefined || part.encrypted !== undefined || part.extra !== undefined)
      details = true;
  }
  if (text !== '' && (repeat || !details)) message['reasoning_content'] = text;
  if (details) {
    const array: JsonValue[] = parts.map(detailOf);
    message['reasoning_details'] = [...array, ...opaque];
  }
}
