import type { JsonValue } from '@headgate/sdk';

const LONGEST = 100;

/** A value from a request, for a message. `String()` would ask the value itself, and fail on `{ "toString": 1 }`. */
export function inWords(value: JsonValue | undefined): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'undefined');
  return text.slice(0, LONGEST);
}
