import type { CanonicalRequest, EncodeContext, JsonObject, JsonValue } from '@headgate/sdk';
import { isObject } from './read-json.js';

/** Settings of a request that mean the same in chat completions and in responses, under the same name. */
const SHARED = new Set([
  'moderation',
  'prompt_cache_key',
  'prompt_cache_options',
  'prompt_cache_retention',
  'safety_identifier',
]);

/**
 * The members of a request's `extra` bag for the other one of OpenAI's two APIs. How long the answer shall be is
 * `verbosity` in chat completions and `text.verbosity` in responses. What is left is warned about, and so is all of it where
 * the target is a server that is only like OpenAI's.
 */
export function settingsFrom(
  other: 'openai-chat' | 'openai-responses',
  request: CanonicalRequest,
  { fullOpenai, warn }: EncodeContext,
): { members: JsonObject; verbosity: JsonValue | undefined } {
  const members: JsonObject = {};
  let verbosity: JsonValue | undefined;
  for (const [name, value] of Object.entries(request.extra ?? {})) {
    if (request.origin === other && fullOpenai === true) {
      if (SHARED.has(name)) {
        members[name] = value;
        continue;
      }
      if (other === 'openai-chat' && name === 'verbosity') {
        verbosity = value;
        continue;
      }
      if (other === 'openai-responses' && name === 'text' && isObject(value)) {
        verbosity = value['verbosity'];
        if (Object.keys(value).every((one) => one === 'verbosity')) continue;
      }
    }
    // Nothing is kept for clients of another API anyway.
    if (request.origin === other && name === 'store' && value === false) continue;
    warn(name, 'not part of this format');
  }
  return { members, verbosity };
}
