import type { JsonObject, ToolCallPart } from '@headgate/sdk';
import { tryParse } from '../shared/parse-json.js';
import { isObject } from '../shared/read-json.js';

/**
 * Arguments as the object that Anthropic wants. No arguments are `{}`. A text that is no JSON object, which models do
 * write and which custom tools write by design, is kept under one name so that nothing of it is lost.
 */
export function toolInput(part: ToolCallPart): JsonObject {
  const text = part.arguments.trim();
  if (text === '') return {};
  const parsed = tryParse(text);
  return isObject(parsed) ? parsed : { input: part.arguments };
}
