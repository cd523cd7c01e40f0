import { type JsonObject, type JsonValue, MalformedBody } from '@headgate/sdk';

/** Where a value stands, e.g. `messages[2].content`. `''` is the body itself. */
export type Path = string;

export function join(base: Path, key: string): Path {
  return base === '' ? key : `${base}.${key}`;
}

function wrong(base: Path, key: string, expected: string): never {
  const param = join(base, key);
  throw new MalformedBody(`'${param}' must be ${expected}`, param);
}

export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `null` counts as absent everywhere: SDKs write it for options that are not set. */
export function optString(object: JsonObject, key: string, base: Path): string | undefined {
  const value = object[key];
  if (value === undefined || value === null) return undefined;
  return typeof value === 'string' ? value : wrong(base, key, 'a string');
}

export function needString(object: JsonObject, key: string, base: Path): string {
  return optString(object, key, base) ?? wrong(base, key, 'a string');
}

export function optNumber(object: JsonObject, key: string, base: Path): number | undefined {
  const value = object[key];
  if (value === undefined || value === null) return undefined;
  return typeof value === 'number' ? value : wrong(base, key, 'a number');
}

export function optInteger(object: JsonObject, key: string, base: Path): number | undefined {
  const value = optNumber(object, key, base);
  return value === undefined || Number.isSafeInteger(value) ? value : wrong(base, key, 'an integer');
}

export function optBoolean(object: JsonObject, key: string, base: Path): boolean | undefined {
  const value = object[key];
  if (value === undefined || value === null) return undefined;
  return typeof value === 'boolean' ? value : wrong(base, key, 'true or false');
}

export function optObject(object: JsonObject, key: string, base: Path): JsonObject | undefined {
  const value = object[key];
  if (value === undefined || value === null) return undefined;
  return isObject(value) ? value : wrong(base, key, 'an object');
}

export function needObject(object: JsonObject, key: string, base: Path): JsonObject {
  return optObject(object, key, base) ?? wrong(base, key, 'an object');
}

export function optArray(object: JsonObject, key: string, base: Path): JsonValue[] | undefined {
  const value = object[key];
  if (value === undefined || value === null) return undefined;
  return Array.isArray(value) ? value : wrong(base, key, 'an array');
}

export function needArray(object: JsonObject, key: string, base: Path): JsonValue[] {
  return optArray(object, key, base) ?? wrong(base, key, 'an array');
}

/** An element of an array that has to be an object. */
export function objectAt(array: JsonValue[], index: number, base: Path): JsonObject {
  const value = array[index];
  if (isObject(value)) return value;
  const param = `${base}[${index}]`;
  throw new MalformedBody(`'${param}' must be an object`, param);
}

/** A string or a list of strings, as a list. */
export function optStrings(object: JsonObject, key: string, base: Path): string[] | undefined {
  const value = object[key];
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') return [value];
  if (!Array.isArray(value)) wrong(base, key, 'a string or an array of strings');
  for (const item of value) if (typeof item !== 'string') wrong(base, key, 'an array of strings');
  return value as string[];
}

/** An object whose values are all numbers. */
export function optNumbers(object: JsonObject, key: string, base: Path): Record<string, number> | undefined {
  const value = optObject(object, key, base);
  if (value === undefined) return undefined;
  for (const name of Object.keys(value))
    if (typeof value[name] !== 'number') wrong(join(base, key), name, 'a number');
  return value as Record<string, number>;
}

/** An object whose values are all strings. */
export function optStringMap(
  object: JsonObject,
  key: string,
  base: Path,
): Record<string, string> | undefined {
  const value = optObject(object, key, base);
  if (value === undefined) return undefined;
  for (const name of Object.keys(value))
    if (typeof value[name] !== 'string') wrong(join(base, key), name, 'a string');
  return value as Record<string, string>;
}

/** The members that are not in `known`; undefined when there are none. Null members are kept, as they came. */
export function extraOf(object: JsonObject, known: ReadonlySet<string>): JsonObject | undefined {
  let extra: JsonObject | undefined;
  for (const key of Object.keys(object)) {
    if (known.has(key)) continue;
    extra ??= {};
    // `__proto__` from a hostile body must become a plain member, not the prototype.
    if (key === '__proto__')
      Object.defineProperty(extra, key, {
        value: object[key],
        enumerable: true,
        writable: true,
        configurable: true,
      });
    else extra[key] = object[key];
  }
  return extra;
}

/** A number that may be missing or wrong, as a whole count. For answers, which are read leniently. */
export function count(value: JsonValue | undefined): number {
  return typeof value === 'number' && value > 0 && value <= Number.MAX_SAFE_INTEGER ? Math.floor(value) : 0;
}

export function stringOr(value: JsonValue | undefined, otherwise: string): string {
  return typeof value === 'string' ? value : otherwise;
}

export function numberOr(value: JsonValue | undefined, otherwise: number): number {
  return typeof value === 'number' ? value : otherwise;
}
