import { z } from 'zod';
import { configSchema } from './schema.js';

/** The part of JSON Schema that zod writes for us. */
export interface JsonSchema {
  $schema?: string;
  title?: string;
  description?: string;
  default?: unknown;
  type?: string;
  enum?: unknown[];
  const?: unknown;
  pattern?: string;
  minimum?: number;
  maximum?: number;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: boolean | JsonSchema;
  propertyNames?: JsonSchema;
  items?: JsonSchema;
  anyOf?: JsonSchema[];
}

let written: JsonSchema | undefined;

/** The schema of the file's data once variables are replaced. Written once; do not change it. */
export function dataSchema(): JsonSchema {
  written ??= z.toJSONSchema(configSchema, { io: 'input' }) as JsonSchema;
  return written;
}

const VARIABLE: JsonSchema = { type: 'string', pattern: '\\$\\{[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\\}' };

/** Editors see the file before `${NAME}` is replaced, so wherever a value is restricted a variable is right too. */
function allowVariables(schema: JsonSchema): JsonSchema {
  const copy: JsonSchema = { ...schema };
  if (copy.properties !== undefined) {
    copy.properties = Object.fromEntries(
      Object.entries(copy.properties).map(([name, inside]) => [name, allowVariables(inside)]),
    );
  }
  if (typeof copy.additionalProperties === 'object')
    copy.additionalProperties = allowVariables(copy.additionalProperties);
  if (copy.items !== undefined) copy.items = allowVariables(copy.items);
  if (copy.anyOf !== undefined) {
    copy.anyOf = [...copy.anyOf, VARIABLE];
    return copy;
  }
  const restricted =
    copy.type === 'integer' ||
    copy.type === 'number' ||
    copy.type === 'boolean' ||
    copy.enum !== undefined ||
    copy.const !== undefined ||
    copy.pattern !== undefined;
  if (!restricted) return copy;
  const { description, default: fallback, ...rest } = copy;
  const outer: JsonSchema = { anyOf: [rest, VARIABLE] };
  if (description !== undefined) outer.description = description;
  if (fallback !== undefined) outer.default = fallback;
  return outer;
}

/** JSON Schema of `headgate.yaml` for editors, as printed by `headgate check --schema`. */
export function configJsonSchema(): JsonSchema {
  const { $schema, ...rest } = allowVariables(dataSchema());
  return {
    ...($schema !== undefined && { $schema }),
    title: 'Headgate configuration',
    description: 'headgate.yaml, see docs/configuration.md',
    ...rest,
  };
}
