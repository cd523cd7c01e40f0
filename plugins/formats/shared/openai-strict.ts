import type { JsonObject, JsonValue } from '@headgate/sdk';
import { isObject } from './read-json.js';

/** Told where a tool of another format asks for what OpenAI would refuse. */
export const NOT_STRICT =
  'calls cannot be held to the schema of a tool that is not closed or has optional members';

/**
 * A schema as OpenAI holds strict tools to it: every object is closed and all of its members are required. Anthropic and
 * Bedrock want only the first, Cohere neither, so what they take may be refused here with 400.
 * https://platform.openai.com/docs/guides/structured-outputs#supported-schemas
 *
 * Undefined where closing it would change what it allows.
 */
export function openaiStrictSchema(schema: JsonObject): JsonObject | undefined {
  const root = schema['type'] === undefined ? { type: 'object', ...schema } : schema;
  // A tool without members is one that takes nothing.
  return strict(root['properties'] === undefined ? { ...root, properties: {} } : root);
}

const NAMED = new Set(['properties', '$defs', 'definitions']);
const REFUSED = [
  'allOf',
  'oneOf',
  'not',
  'if',
  'then',
  'else',
  'dependentRequired',
  'dependentSchemas',
  'patternProperties',
];

function strict(schema: JsonObject): JsonObject | undefined {
  if (REFUSED.some((key) => schema[key] !== undefined)) return undefined;
  const out: JsonObject = { ...schema };
  const { type, properties, required, additionalProperties: others } = schema;
  if (type === 'object' || (Array.isArray(type) && type.includes('object')) || isObject(properties)) {
    if (!isObject(properties) || (others !== undefined && others !== false)) return undefined;
    const all = Object.keys(properties);
    const named = new Set(Array.isArray(required) ? required : []);
    if (!all.every((name) => named.has(name))) return undefined;
    if (required === undefined) out['required'] = [];
    out['additionalProperties'] = false;
  }
  for (const [key, value] of Object.entries(schema)) {
    let inner: JsonValue | undefined = value;
    if (NAMED.has(key) && isObject(value)) inner = each(value);
    else if (key === 'items' && isObject(value)) inner = strict(value);
    else if (key === 'anyOf' && Array.isArray(value)) {
      const branches = value.map((one) => (isObject(one) ? strict(one) : one));
      inner = branches.every((one) => one !== undefined) ? (branches as JsonValue[]) : undefined;
    }
    if (inner === undefined) return undefined;
    if (inner !== value) out[key] = inner;
  }
  return out;
}

function each(schemas: JsonObject): JsonObject | undefined {
  const out: [string, JsonValue][] = [];
  for (const [name, schema] of Object.entries(schemas)) {
    const inner = isObject(schema) ? strict(schema) : schema;
    if (inner === undefined) return undefined;
    out.push([name, inner]);
  }
  return Object.fromEntries(out);
}
