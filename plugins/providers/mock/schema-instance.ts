import type { JsonObject, JsonValue } from '@headgate/sdk';

const maxDepth = 12;
/** Recursive schemas with many branches grow without end: after so many values the rest is left out. */
const maxValues = 2000;

interface Context {
  root: JsonValue | undefined;
  left: number;
}

/**
 * A value that fits a JSON Schema, always the same one. Knows the keywords that providers accept for tools and
 * structured output: type, enum, const, properties, items, anyOf/oneOf/allOf, $ref, the limits on numbers, strings and
 * arrays, and the common formats. Optional properties are filled in too, until the depth grows.
 */
export function instanceOf(schema: JsonValue | undefined): JsonValue {
  return build(schema, { root: schema, left: maxValues }, 'value', 0);
}

function build(schema: JsonValue | undefined, context: Context, name: string, depth: number): JsonValue {
  if (!isObject(schema) || context.left-- <= 0) return 'anything';
  const s = schema;
  if (typeof s['$ref'] === 'string' && depth < maxDepth)
    return build(resolve(s['$ref'], context.root), context, name, depth + 1);
  if (s['const'] !== undefined) return s['const'];
  if (Array.isArray(s['enum']) && s['enum'].length > 0) return s['enum'][0] as JsonValue;
  if (s['default'] !== undefined) return s['default'];
  for (const key of ['anyOf', 'oneOf'] as const) {
    const options = s[key];
    // Deep down the last option ends recursive types: schemas write the null or leaf case there.
    if (Array.isArray(options) && options.length > 0)
      return build(depth < maxDepth ? options[0] : options.at(-1), context, name, depth + 1);
  }
  if (Array.isArray(s['allOf']) && s['allOf'].length > 0)
    return build(merged(s['allOf'], context.root), context, name, depth + 1);

  switch (typeOf(s)) {
    case 'object':
      return object(s, context, depth);
    case 'array':
      return array(s, context, name, depth);
    case 'integer':
      return Math.ceil(number(s, 1));
    case 'number':
      return number(s, 0.5);
    case 'boolean':
      return true;
    case 'null':
      return null;
    default:
      return string(s, name);
  }
}

function typeOf(s: JsonObject): string {
  const type = Array.isArray(s['type']) ? s['type'].find((t) => t !== 'null') : s['type'];
  if (typeof type === 'string') return type;
  if (s['properties'] !== undefined) return 'object';
  return s['items'] !== undefined ? 'array' : 'string';
}

function object(s: JsonObject, context: Context, depth: number): JsonObject {
  const properties = isObject(s['properties']) ? s['properties'] : {};
  const required = Array.isArray(s['required']) ? s['required'] : [];
  const made: JsonObject = {};
  for (const [name, property] of Object.entries(properties)) {
    if (context.left <= 0 || (depth > 3 && !required.includes(name))) continue;
    made[name] = build(property, context, name, depth + 1);
  }
  return made;
}

function array(s: JsonObject, context: Context, name: string, depth: number): JsonValue[] {
  if (Array.isArray(s['prefixItems']))
    return s['prefixItems'].map((item) => build(item, context, name, depth + 1));
  const least = asNumber(s['minItems']) ?? (depth > 3 ? 0 : 1);
  const most = asNumber(s['maxItems']) ?? least;
  const length = Math.min(least, most, 100);
  return Array.from({ length }, () => build(s['items'], context, name, depth + 1));
}

function number(s: JsonObject, step: number): number {
  const above = asNumber(s['exclusiveMinimum']);
  const below = asNumber(s['exclusiveMaximum']);
  const low = asNumber(s['minimum']) ?? (above === undefined ? undefined : above + step);
  const high = asNumber(s['maximum']) ?? (below === undefined ? undefined : below - step);
  const multiple = asNumber(s['multipleOf']);
  const value = low ?? (high !== undefined && high < 1 ? high : 1);
  return multiple ? Math.ceil(value / multiple) * multiple : value;
}

const formats: Record<string, string> = {
  'date-time': '2025-01-15T09:30:00Z',
  date: '2025-01-15',
  time: '09:30:00Z',
  duration: 'PT1H',
  email: 'ada@example.com',
  hostname: 'example.com',
  ipv4: '192.0.2.1',
  ipv6: '2001:db8::1',
  uuid: '3f2b8c1e-5a4d-4e6f-9b7a-2c1d0e9f8a7b',
  uri: 'https://example.com/',
};

function string(s: JsonObject, name: string): string {
  const text = formats[String(s['format'])] ?? `example ${name}`;
  const least = asNumber(s['minLength']) ?? 0;
  const most = asNumber(s['maxLength']) ?? Number.POSITIVE_INFINITY;
  return text.padEnd(Math.min(least, 10_000), '.').slice(0, most);
}

function merged(parts: JsonValue[], root: JsonValue | undefined): JsonObject {
  const all: JsonObject = {};
  for (const part of parts) {
    const s = isObject(part) && typeof part['$ref'] === 'string' ? resolve(part['$ref'], root) : part;
    if (!isObject(s)) continue;
    const properties = { ...(all['properties'] as JsonObject), ...(s['properties'] as JsonObject) };
    const required = [...((all['required'] as JsonValue[]) ?? []), ...((s['required'] as JsonValue[]) ?? [])];
    Object.assign(all, s, { properties, required });
  }
  return all;
}

function resolve(ref: string, root: JsonValue | undefined): JsonValue | undefined {
  let at = root;
  for (const part of ref.replace(/^#\/?/, '').split('/').filter(Boolean)) {
    at = isObject(at) ? at[part.replaceAll('~1', '/').replaceAll('~0', '~')] : undefined;
  }
  return at;
}

const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const asNumber = (value: JsonValue | undefined): number | undefined =>
  typeof value === 'number' ? value : undefined;
