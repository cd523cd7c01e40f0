import { type JsonObject, type JsonValue, MalformedBody } from '@headgate/sdk';
import { isObject, join, type Path } from './read-json.js';

/**
 * Google's JSON mapping of protocol buffers: a field may be spelled `maxOutputTokens` or `max_output_tokens`, a number
 * may be written as a string, and a list of one may stand without its brackets, as Google's own examples do.
 */

/** Also for `__proto__` from a hostile body, which must become a plain member. */
function put(object: JsonObject, key: string, value: JsonValue | undefined): void {
  if (key === '__proto__')
    Object.defineProperty(object, key, { value, enumerable: true, writable: true, configurable: true });
  else object[key] = value;
}

function camel(key: string): string {
  return key.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** The same object with all fields of `known` in camelCase. A copy only if there is something to change. */
export function spelled(json: JsonObject, known: ReadonlySet<string>): JsonObject {
  let changed = false;
  for (const key of Object.keys(json))
    if (key.includes('_') && known.has(camel(key))) {
      changed = true;
      break;
    }
  if (!changed) return json;
  const out: JsonObject = {};
  for (const key of Object.keys(json)) {
    const name = camel(key);
    put(out, known.has(name) ? name : key, json[key]);
  }
  return out;
}

/** A list, or the one object that stands for a list of one. */
export function optList(object: JsonObject, key: string, base: Path): JsonValue[] | undefined {
  const value = object[key];
  if (value === undefined || value === null) return undefined;
  if (Array.isArray(value)) return value;
  if (isObject(value)) return [value];
  const param = join(base, key);
  throw new MalformedBody(`'${param}' must be an array`, param);
}

/** A number, or its text. */
export function optNumeric(object: JsonObject, key: string, base: Path): number | undefined {
  const value = object[key];
  if (value === undefined || value === null) return undefined;
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number === 'number' && Number.isFinite(number)) return number;
  const param = join(base, key);
  throw new MalformedBody(`'${param}' must be a number`, param);
}

export function optWhole(object: JsonObject, key: string, base: Path): number | undefined {
  const number = optNumeric(object, key, base);
  if (number === undefined || Number.isSafeInteger(number)) return number;
  const param = join(base, key);
  throw new MalformedBody(`'${param}' must be an integer`, param);
}
