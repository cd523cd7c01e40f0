import type { JsonObject } from '@headgate/sdk';
import { Ajv, type Options, type ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { RE2JS } from 're2js';

/** A schema that is none, or that nobody can read. */
export class BadSchema extends Error {}

interface Pattern {
  test(text: string): boolean;
  /** Ajv tells patterns apart by it. */
  toString(): string;
}

/** Patterns come from servers and what they are held against from callers: in linear time, or not at all. */
function linearPattern(pattern: string): Pattern {
  const name = (): string => pattern;
  try {
    const compiled = RE2JS.compile(pattern);
    return { test: (text) => compiled.matcher(text).find(), toString: name };
  } catch {
    // Look-arounds and the like: the server itself must look at these.
    return { test: () => true, toString: name };
  }
}
linearPattern.code = 'require("re2js")';

const options: Options = {
  strict: false,
  validateFormats: false,
  addUsedSchema: false,
  logger: false,
  code: { regExp: linearPattern as unknown as NonNullable<NonNullable<Options['code']>['regExp']> },
};

const compiled = new WeakMap<JsonObject, ValidateFunction>();

/** What of a value does not fit a schema, for people; null when all does. Throws BadSchema. */
export function misfit(schema: JsonObject, value: unknown, name: string): string | null {
  let check = compiled.get(schema);
  if (check === undefined) compiled.set(schema, (check = compile(schema)));
  if (check(value) === true) return null;
  const [first] = check.errors ?? [];
  return `${name}${first?.instancePath ?? ''} ${first?.message ?? 'do not fit'}`;
}

let newer: Ajv2020 | null = null;
let older: Ajv | null = null;

function compile(schema: JsonObject): ValidateFunction {
  if (schema['$async'] !== undefined) throw new BadSchema('it wants to be asynchronous');
  // Dialects that are not known by name are taken for the newest, as the protocol has it.
  const { $schema: dialect, ...rest } = schema;
  const isOlder = typeof dialect === 'string' && /draft-0[67]/.test(dialect);
  const ajv = isOlder ? (older ??= new Ajv(options)) : (newer ??= new Ajv2020(options));
  try {
    return ajv.compile(rest);
  } catch (error) {
    throw new BadSchema(error instanceof Error ? error.message.slice(0, 200) : 'it cannot be read');
  } finally {
    // What it has compiled it would keep for ever.
    ajv.removeSchema(rest);
  }
}
