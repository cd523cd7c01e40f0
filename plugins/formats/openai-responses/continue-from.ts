import type { JsonObject, JsonValue } from '@headgate/sdk';
import { MalformedBody } from '@headgate/sdk';
import { objectAt } from '../shared/read-json.js';

/** `input` as a list of items: a string is a message of the user, nothing is no item. */
export function inputItems(input: JsonValue | undefined): JsonObject[] {
  if (input === undefined || input === null) return [];
  if (typeof input === 'string') return [{ type: 'message', role: 'user', content: input }];
  if (!Array.isArray(input))
    throw new MalformedBody("'input' must be a string or an array of items", 'input');
  return input.map((_, i) => objectAt(input, i, 'input'));
}

function isReference(item: JsonObject): boolean {
  if (item['type'] === 'item_reference') return true;
  return item['type'] == null && item['role'] === undefined && typeof item['id'] === 'string';
}

/**
 * The items of the turn that continues an earlier one: what was asked then, what was answered, and what is asked now.
 * `earlier.input` is the full list of the earlier turn, so that a chain is told by its last link. Instructions are not
 * part of it: this API does not carry them over. A reference to an item that stands in the list anyway is left out, any
 * other is kept for the provider.
 */
export function continueFrom(
  earlier: { input: JsonValue | undefined; output: readonly JsonObject[] },
  next?: JsonValue,
): JsonObject[] {
  const items = [...inputItems(earlier.input), ...earlier.output];
  const known = new Set<JsonValue>();
  for (const item of items) if (typeof item['id'] === 'string' && !isReference(item)) known.add(item['id']);
  for (const item of inputItems(next))
    if (!isReference(item) || !known.has(item['id'] as string)) items.push(item);
  return items;
}
