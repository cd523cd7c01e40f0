import type { JsonObject, JsonValue } from '@headgate/sdk';

const LONGEST = 100;

/** A value from a request, for a message. `String()` would ask the value itself, and fail on `{ "toString": 1 }`. */
export function inWords(value: JsonValue | undefined): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'undefined');
  return text.slice(0, LONGEST);
}

/** What a part or tool of another format is called there: its `type`, or its first member where types are members. */
export function kindInWords(value: JsonObject): string {
  return inWords(value['type'] ?? Object.keys(value)[0]);
}
