import type { JsonObject, JsonValue, ProviderRow, ProviderRowInput } from '@headgate/sdk';
import { fillHoles } from '../config/holes.js';

/** What a provider wants changed in the top-level fields of requests in one wire format. */
export interface FieldEdits {
  readonly renames: readonly (readonly [from: string, to: string])[];
  /** Put in unless the request has them and they are not in `remove`. */
  readonly set: readonly { readonly field: string; readonly value: JsonValue; readonly json: string }[];
  readonly remove: readonly string[];
}

/** By wire format; a format whose requests go out as they are is absent. */
export function compileFieldEdits(
  row: ProviderRow,
  values: ReadonlyMap<string, string>,
): ReadonlyMap<string, FieldEdits> {
  const formats = new Set([...Object.keys(row.renames), ...Object.keys(row.body)]);
  return new Map(
    [...formats].map((format) => {
      const { set = {}, remove = [] } = row.body[format] ?? {};
      const filled = Object.entries(set).map(([field, given]) => {
        const value = typeof given === 'string' ? fillHoles(given, values) : given;
        return { field, value, json: JSON.stringify(value) };
      });
      return [format, { renames: Object.entries(row.renames[format] ?? {}), set: filled, remove }] as const;
    }),
  );
}

/** Makes the changes in a body that is an object already. */
export function editFields(body: JsonObject, { renames, set, remove }: FieldEdits): void {
  for (const [from, to] of renames) {
    if (!(from in body) || to in body) continue;
    body[to] = body[from];
    delete body[from];
  }
  for (const field of remove) delete body[field];
  for (const { field, value } of set) body[field] ??= value;
}

/** The fields that must be found in requests of a format for its edits. */
export function editedFields(row: ProviderRowInput, format: string): string[] {
  const { set = {}, remove = [] } = row.body?.[format] ?? {};
  return [...Object.entries(row.renames?.[format] ?? {}).flat(), ...Object.keys(set), ...remove];
}
