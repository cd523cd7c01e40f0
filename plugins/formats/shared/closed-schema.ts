import type { JsonObject, JsonValue } from '@headgate/sdk';
import { isObject } from './read-json.js';

/**
 * JSON Schema as Anthropic and Bedrock hold answers and calls to it: every object is closed, and there are no bounds on
 * numbers, lengths and counts. Others are refused with 400. What is left out is told in the description beside it.
 * https://platform.claude.com/docs/en/build-with-claude/structured-outputs#json-schema-limitations
 */
export interface ClosedSchema {
  schema: JsonObject;
  /** Something is only told to the model. */
  loosened: boolean;
}

/** Undefined where an object may have members of any name, which a closed one could not have. */
export function closedSchema(schema: JsonObject): ClosedSchema | undefined {
  const closing = new Closing();
  const closed = closing.object(schema);
  return closing.open ? undefined : { schema: closed, loosened: closing.loosened };
}

const NAMED = new Set(['properties', '$defs', 'definitions']);
const LISTS = new Set(['anyOf', 'allOf']);
const SAYS_NOTHING = new Set(['$schema', '$id', '$comment', 'additionalProperties', '__proto__']);
const NOT_HELD = new Set([
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'minLength',
  'maxLength',
  'maxItems',
  'uniqueItems',
  'contains',
  'minContains',
  'maxContains',
  'prefixItems',
  'minProperties',
  'maxProperties',
  'propertyNames',
  'dependentRequired',
  'dependentSchemas',
  'unevaluatedItems',
  'unevaluatedProperties',
  'not',
  'if',
  'then',
  'else',
]);
const FORMATS = new Set<JsonValue | undefined>([
  'date-time',
  'time',
  'date',
  'duration',
  'email',
  'hostname',
  'uri',
  'ipv4',
  'ipv6',
  'uuid',
]);

function isHeld(key: string, value: JsonValue | undefined): boolean {
  if (key === 'format') return FORMATS.has(value);
  return key === 'minItems' ? value === 0 || value === 1 : !NOT_HELD.has(key);
}

class Closing {
  open = false;
  loosened = false;

  object(schema: JsonObject): JsonObject {
    const out: JsonObject = {};
    const told: JsonObject = {};
    for (const [key, value] of Object.entries(schema)) {
      if (SAYS_NOTHING.has(key)) continue;
      if (NAMED.has(key) && isObject(value)) out[key] = this.named(value);
      else if (LISTS.has(key) && Array.isArray(value)) out[key] = value.map((one) => this.any(one));
      // Of several that fit, one is written all the same.
      else if (key === 'oneOf' && Array.isArray(value) && schema['anyOf'] === undefined)
        out['anyOf'] = value.map((one) => this.any(one));
      else if (key === 'items') out[key] = this.any(value ?? {});
      else if (isHeld(key, value)) out[key] = value;
      else told[key] = value;
    }
    this.close(schema, out);
    if (Object.keys(told).length > 0) {
      this.loosened = true;
      const before = typeof schema['description'] === 'string' ? `${schema['description']}\n` : '';
      out['description'] = `${before}Must also fit ${JSON.stringify(told)}`;
    }
    return out;
  }

  private close(schema: JsonObject, out: JsonObject): void {
    const { type, properties, additionalProperties: others } = schema;
    const named = isObject(properties);
    const is = type === 'object' || (Array.isArray(type) && type.includes('object')) || named;
    if (!is) return;
    const map = schema['patternProperties'] !== undefined || isObject(others);
    // No members at all are meant where an empty list of them is given.
    if (map || (!named && others !== false)) this.open = true;
    out['additionalProperties'] = false;
  }

  private any(value: JsonValue): JsonValue {
    return isObject(value) ? this.object(value) : value;
  }

  private named(schemas: JsonObject): JsonObject {
    const entries = Object.entries(schemas).map(([name, one]) => [name, this.any(one ?? {})]);
    return Object.fromEntries(entries) as JsonObject;
  }
}
