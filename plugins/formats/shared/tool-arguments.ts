import type { JsonObject } from '@headgate/sdk';
import { tryParse } from './parse-json.js';
import { isObject } from './read-json.js';

/**
 * Arguments as the object that an API wants. No arguments are `{}`. A text that is no JSON object, which models do
 * write and which custom tools write by design, is kept under one name so that nothing of it is lost.
 */
export function argumentsObject(text: string): JsonObject {
  if (text.trim() === '') return {};
  const parsed = tryParse(text);
  return isObject(parsed) ? parsed : { input: text };
}
