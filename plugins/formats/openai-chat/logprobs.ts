import type { JsonObject, JsonValue } from '@headgate/sdk';
import { isObject } from '../shared/read-json.js';

/**
 * Log probabilities of an answer: `{ content: [{ token, logprob, bytes, top_logprobs }], refusal }`. Responses
 * and Ollama have the same entries; null for formats that have others.
 */
export function chatLogprobs(logprobs: JsonValue | undefined, same: boolean): JsonValue {
  if (same) return logprobs ?? null;
  const content = isObject(logprobs) ? logprobs['content'] : undefined;
  return Array.isArray(content) && content.length > 0 && content.every(isEntry)
    ? { content, refusal: null }
    : null;
}

function isEntry(value: JsonValue): value is JsonObject {
  return isObject(value) && typeof value['token'] === 'string' && typeof value['logprob'] === 'number';
}
