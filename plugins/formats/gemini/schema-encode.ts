import type { JsonObject, JsonValue, Warn } from '@headgate/sdk';
import { isObject } from '../shared/read-json.js';

/** Members that hold one schema, a list of schemas, and named schemas. */
const ONE = new Set(['items', 'additionalProperties', 'not', 'contains', 'propertyNames']);
const LISTS = new Set(['anyOf', 'oneOf', 'allOf', 'prefixItems']);
const NAMED = new Set(['properties', '$defs', 'definitions', 'patternProperties']);

function sub(value: JsonValue | undefined, warn: Warn): JsonValue | undefined {
  return isObject(value) ? geminiSchema(value, warn) : value;
}

function named(value: JsonValue | undefined, warn: Warn): JsonValue | undefined {
  if (!isObject(value)) return value;
  const out: JsonObject = {};
  for (const key of Object.keys(value)) if (key !== '__proto__') out[key] = sub(value[key], warn);
  return out;
}

/** Beside a reference Gemini takes nothing but members that start with `$`. */
function reference(schema: JsonObject, ref: string, warn: Warn): JsonObject {
  const out: JsonObject = { $ref: ref.replace(/^#\/definitions\//, '#/$defs/') };
  for (const key of Object.keys(schema)) {
    if (key === '$ref' || key === '$schema') continue;
    if (key.startsWith('$')) out[key] = named(schema[key], warn);
    else if (key === 'definitions') out['$defs'] = named(schema[key], warn);
    else
      warn('schema', "what stands beside a '$ref' in a schema is left out, which this format does not take");
  }
  return out;
}

/**
 * JSON Schema as `parametersJsonSchema` and `responseJsonSchema` take it, which is nearly all of it: `const` is an enum
 * of one, and definitions are only found under `$defs`. What the API merely does not enforce is sent as it is.
 */
export function geminiSchema(schema: JsonObject, warn: Warn): JsonObject {
  const ref = schema['$ref'];
  if (typeof ref === 'string') return reference(schema, ref, warn);
  const out: JsonObject = {};
  for (const key of Object.keys(schema)) {
    const value = schema[key];
    if (key === '$schema' || key === '__proto__') continue;
    if (key === 'const') {
      if (schema['enum'] === undefined && value !== undefined) out['enum'] = [value];
    } else if (key === 'definitions') out['$defs'] = named(value, warn);
    else if (NAMED.has(key)) out[key] = named(value, warn);
    else if (LISTS.has(key))
      out[key] = Array.isArray(value) ? value.map((one) => sub(one, warn) ?? null) : value;
    else if (ONE.has(key)) out[key] = sub(value, warn);
    else out[key] = value;
  }
  return out;
}

/** A function that takes nothing: Gemini refuses an object without properties, and means the same by no schema. */
export function takesNothing(schema: JsonObject): boolean {
  for (const key of Object.keys(schema)) {
    const value = schema[key];
    const empty = isObject(value)
      ? Object.keys(value).length === 0
      : Array.isArray(value) && value.length === 0;
    const plain = key === 'type' ? value === 'object' : key === '$schema' || value === false;
    if (!plain && !((key === 'properties' || key === 'required') && empty)) return false;
    if (value === false && key !== 'additionalProperties') return false;
  }
  return true;
}
