import type { JsonObject } from '@headgate/sdk';

/** Told to a model that cannot be held to a schema. */
export function schemaInstruction(schema: JsonObject): string {
  return `Answer only with JSON that matches this JSON Schema, without any other text:\n${JSON.stringify(schema)}`;
}
