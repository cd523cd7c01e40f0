import type { JsonObject, JsonValue } from '@headgate/sdk';
import * as fc from 'fast-check';

/** JSON as it comes off the wire: no undefined, no negative zero. */
export const json: fc.Arbitrary<JsonValue> = fc
  .jsonValue({ maxDepth: 2 })
  .map((value) => JSON.parse(JSON.stringify(value)) as JsonValue);

/** Members that no format has a name for. */
export const extra: fc.Arbitrary<JsonObject> = fc.dictionary(
  fc.stringMatching(/^x_[a-z]{1,6}$/),
  json.filter((value) => value !== null),
  { maxKeys: 2, noNullPrototype: true },
);

export const text = fc.oneof(
  fc.string({ minLength: 1, maxLength: 20 }),
  fc.constantFrom('hello', 'a "quoted"\n\\ text', '日本語 🙂'),
);
export const name = fc.stringMatching(/^[a-zA-Z0-9_-]{1,12}$/);
export const schema: fc.Arbitrary<JsonObject> = fc.record({
  type: fc.constant('object'),
  properties: fc.dictionary(name, fc.constant({ type: 'string' }), { maxKeys: 2, noNullPrototype: true }),
});
export const number = fc.double({ min: 0, max: 1, noNaN: true }).map((value) => Math.abs(value));

/** Merges unknown members into a generated object. */
export function withExtra<T extends object>(object: fc.Arbitrary<T>): fc.Arbitrary<JsonObject> {
  return fc.tuple(object, extra).map(([known, unknown]) => ({ ...unknown, ...(known as JsonObject) }));
}

/** A record with all members optional but those named. */
export function some<T extends Record<string, fc.Arbitrary<unknown>>>(
  members: T,
  required: (keyof T & string)[],
): fc.Arbitrary<JsonObject> {
  return fc.record(members, {
    requiredKeys: required,
    noNullPrototype: true,
  }) as unknown as fc.Arbitrary<JsonObject>;
}
