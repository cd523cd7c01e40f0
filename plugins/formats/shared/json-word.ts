import type { JsonValue } from '@headgate/sdk';
import { isObject } from './read-json.js';

/**
 * OpenAI refuses `json_object` with 400 where no message has the word in it. Ollama's `format: "json"` and Gemini's
 * `responseMimeType` ask for no such thing. https://platform.openai.com/docs/guides/structured-outputs#json-mode
 */
export const ASK_FOR_JSON = 'Answer in JSON.';

/** Whether the text of a message, or of an item of input, has the word in it; names of members and data of files do not count. */
export function saysJson(messages: JsonValue | undefined): boolean {
  if (typeof messages === 'string') return /json/i.test(messages);
  if (Array.isArray(messages)) return messages.some(saysJson);
  return isObject(messages) && (saysJson(messages['content']) || saysJson(messages['text']));
}
