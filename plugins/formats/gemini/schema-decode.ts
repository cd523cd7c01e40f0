import type { JsonObject, JsonValue } from '@headgate/sdk';
import { spelled } from '../shared/google-spelling.js';
import { isObject } from '../shared/read-json.js';

const SCHEMA_KEYS = new Set([
  'anyOf',
  'maxItems',
  'maxLength',
  'maxProperties',
  'minItems',
  'minLength',
  'minProperties',
  'propertyOrdering',
  'additionalProperties',
  'prefixItems',
]);
/** 64 bit integers, which Google's JSON writes as strings. */
const COUNTS = new Set(['maxItems', 'maxLength', 'maxProperties', 'minItems', 'minLength', 'minProperties']);

function typeOf(type: JsonValue | undefined): string | undefined {
  return typeof type === 'string' && type !== 'TYPE_UNSPECIFIED' ? type.toLowerCase() : undefined;
}

function member(key: string, value: JsonValue, out: JsonObject): void {
  if (COUNTS.has(key)) {
    const number = typeof value === 'string' ? Number(value) : value;
    out[key] = Number.isNaN(number) ? value : number;
  } else if (key === 'items' || key === 'additionalProperties') out[key] = sub(value);
  else if (key === 'anyOf' || key === 'prefixItems') out[key] = Array.isArray(value) ? value.map(sub) : value;
  else if (key === 'properties' && isObject(value))
    out[key] = Object.fromEntries(Object.entries(value).map(([name, one]) => [name, sub(one ?? null)]));
  else if (key === 'example') out['examples'] = [value];
  // An enum is marked by its format in Google's words.
  else if (key === 'format' && value === 'enum') return;
  else out[key] = value;
}

function sub(value: JsonValue): JsonValue {
  return isObject(value) ? jsonSchemaOf(value) : value;
}

/**
 * A Gemini `Schema`, which is a subset of OpenAPI 3.0, as JSON Schema: types in lower case, `nullable` as a second
 * type. `propertyOrdering` is left out, which no other format knows.
 */
export function jsonSchemaOf(schema: JsonObject): JsonObject {
  const json = spelled(schema, SCHEMA_KEYS);
  const out: JsonObject = {};
  for (const key of Object.keys(json)) {
    const value = json[key];
    if (value === undefined || value === null || key === 'nullable' || key === 'propertyOrdering') continue;
    if (key === '__proto__') continue;
    if (key !== 'type') member(key, value, out);
    else {
      const type = typeOf(value);
      if (type !== undefined) out['type'] = type;
    }
  }
  if (json['nullable'] !== true) return out;
  if (typeof out['type'] === 'string') out['type'] = [out['type'], 'null'];
  else if (Array.isArray(out['anyOf'])) out['anyOf'] = [...out['anyOf'], { type: 'null' }];
  if (Array.isArray(out['enum']) && !out['enum'].includes(null)) out['enum'] = [...out['enum'], null];
  return out;
}
