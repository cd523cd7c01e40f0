import { isObject, type Json } from './json-value.js';

/** Members that hold somebody else's JSON: its names are not fields of Google's messages. */
const FOREIGN = new Set([
  'args',
  'parametersJsonSchema',
  'responseJsonSchema',
  '_responseJsonSchema',
  'partMetadata',
]);

const camelCase = (name: string): string =>
  name.startsWith('_') ? name : name.replace(/_([a-z])/g, (_all, letter: string) => letter.toUpperCase());

/**
 * The request with its fields in camelCase. JSON of protocol buffers may name a field as the API reference does or as the
 * `.proto` file does, with underscores, see https://protobuf.dev/programming-guides/json/; Google's library for Python
 * sends both in one request.
 */
export function spelledInCamelCase(request: Json): Json {
  const spelled: Json = {};
  for (const [name, value] of Object.entries(request)) {
    const field = camelCase(name);
    spelled[field] = FOREIGN.has(field) ? value : spelledValue(value, field);
  }
  return spelled;
}

function spelledValue(value: unknown, field: string): unknown {
  if (Array.isArray(value)) return value.map((one) => spelledValue(one, field));
  if (!isObject(value)) return value;
  // Names of a schema's properties are the caller's own; what stands under them is a schema again.
  if (field === 'properties')
    return Object.fromEntries(
      Object.entries(value).map(([name, one]) => [name, spelledValue(one, 'schema')]),
    );
  if (field === 'functionResponse')
    return { ...spelledInCamelCase({ ...value, response: null }), response: value['response'] };
  return spelledInCamelCase(value);
}
