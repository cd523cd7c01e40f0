import {
  type AdapterCall,
  type CallFile,
  type JsonObject,
  type JsonValue,
  MalformedBody,
} from '@headgate/sdk';

/** Fields of the client's that are set and not among `known`: the provider has no words for them. */
export function unsaidBeside({ fields }: AdapterCall, known: readonly string[]): string[] {
  return Object.keys(fields).filter(
    (name) => isSet(fields[name]) && name !== 'model' && !known.includes(name),
  );
}

function isSet(value: JsonValue | undefined): boolean {
  return value !== undefined && value !== null && value !== '';
}

export function text({ fields }: AdapterCall, name: string): string | undefined {
  const value = fields[name];
  if (!isSet(value)) return undefined;
  if (typeof value !== 'string') throw new MalformedBody(`'${name}' must be a string`, name);
  return value;
}

export function neededText(call: AdapterCall, name: string): string {
  const value = text(call, name);
  if (value === undefined) throw new MalformedBody(`'${name}' must be a string`, name);
  return value;
}

/** A number of JSON, or of a form's text. */
export function number({ fields }: AdapterCall, name: string): number | undefined {
  const value = fields[name];
  if (!isSet(value)) return undefined;
  const read = typeof value === 'number' || typeof value === 'string' ? Number(value) : Number.NaN;
  if (!Number.isFinite(read)) throw new MalformedBody(`'${name}' must be a number`, name);
  return read;
}

/** `true` of JSON, or of a form's text. */
export function flag({ fields }: AdapterCall, name: string): boolean {
  return fields[name] === true || fields[name] === 'true';
}

/** A field that may come once or as a list. */
export function list({ fields }: AdapterCall, name: string): JsonValue[] {
  const value = fields[name];
  if (!isSet(value)) return [];
  return Array.isArray(value) ? value : [value as JsonValue];
}

export function filesOf({ files }: AdapterCall, field: string): CallFile[] {
  return files.filter((file) => file.field === field);
}

export function neededFile(call: AdapterCall, field: string): CallFile {
  const [file] = filesOf(call, field);
  if (file === undefined) throw new MalformedBody(`'${field}' must be a file of the form`, field);
  return file;
}

/** The object without members that are undefined. */
export function without(object: Readonly<Record<string, JsonValue | undefined>>): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as JsonObject;
}
