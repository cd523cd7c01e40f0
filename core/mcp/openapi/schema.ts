import type { JsonObject, JsonValue } from '@headgate/sdk';
import type { Path } from '../../config/path.js';
import { isObject } from '../json-object.js';
import type { ApiDocument } from './document.js';

/** What a schema may have, counted in objects, before shared parts of it are told once instead of wherever they are used. */
const MOST_INLINE = 500;
/** And then, before it is left out: no model has use for more. */
const MOST_SHARED = 10_000;

const ONE = new Set([
  'items',
  'additionalProperties',
  'not',
  'if',
  'then',
  'else',
  'contains',
  'propertyNames',
  'unevaluatedProperties',
  'unevaluatedItems',
]);
const LIST = new Set(['allOf', 'anyOf', 'oneOf', 'prefixItems']);
const MAP = new Set(['properties', 'patternProperties', 'dependentSchemas']);
/** Says nothing of the form, or would mean something else in another document. */
const LEFT_OUT = new Set([
  '$ref',
  '$id',
  '$schema',
  '$anchor',
  '$dynamicAnchor',
  '$dynamicRef',
  '$vocabulary',
  '$comment',
  '$defs',
  'definitions',
  'nullable',
  'readOnly',
  'writeOnly',
  'deprecated',
  'discriminator',
  'xml',
  'externalDocs',
  'example',
  'examples',
  'title',
]);

class TooLarge extends Error {}

/** For what it is used: the other side's own properties are left out. */
export type SchemaUse = 'request' | 'response';

/**
 * Schemas of a document as JSON Schema 2020-12 that stands alone. References are replaced by what they lead to, but for those
 * that lead back to themselves, which become `$defs`.
 */
export class SchemaWriter {
  private readonly names = new Map<string, string>();
  private readonly waiting: string[] = [];
  private count = 0;

  private constructor(
    private readonly document: ApiDocument,
    private readonly use: SchemaUse,
    /** Every reference is one to `$defs`. */
    private readonly shares: boolean,
  ) {}

  /**
   * What `write` makes of schemas of the document, as one schema.
   * Null when it is too large to be of use. Throws DocumentProblem.
   */
  static write(
    document: ApiDocument,
    use: SchemaUse,
    write: (schema: (node: unknown, path: Path) => JsonValue) => JsonObject,
  ): JsonObject | null {
    for (const shares of [false, true]) {
      const writer = new SchemaWriter(document, use, shares);
      try {
        const schema = write((node, path) => writer.schema(node, path, []));
        return writer.withDefs(schema);
      } catch (error) {
        if (!(error instanceof TooLarge)) throw error;
      }
    }
    return null;
  }

  private withDefs(schema: JsonObject): JsonObject {
    const defs: Record<string, JsonValue> = {};
    for (let reference = this.waiting.shift(); reference !== undefined; reference = this.waiting.shift()) {
      const { value, path } = this.document.target(reference, []);
      defs[this.names.get(reference) as string] = this.schema(value, path, [reference]);
    }
    return Object.keys(defs).length === 0 ? schema : { ...schema, $defs: defs };
  }

  private schema(node: unknown, path: Path, within: readonly string[]): JsonValue {
    if (node === true) return {};
    if (node === false) return { not: {} };
    if (!isObject(node)) throw this.document.problem(path, 'expected a schema');
    if (++this.count > (this.shares ? MOST_SHARED : MOST_INLINE)) throw new TooLarge();
    const reference = node['$ref'];
    if (reference === undefined) return this.plain(node, path, within);
    if (typeof reference !== 'string')
      throw this.document.problem([...path, '$ref'], 'expected the path of a schema');
    const target = this.document.target(reference, [...path, '$ref']);
    const inner =
      this.shares || within.includes(reference)
        ? { $ref: `#/$defs/${this.named(reference)}` }
        : this.schema(target.value, target.path, [...within, reference]);
    const beside = this.plain(node, path, within);
    if (Object.keys(beside).length === 0) return inner;
    const said = Object.keys(beside).every((key) => key === 'description' || key === 'default');
    return said && isObject(inner) ? { ...inner, ...beside } : { allOf: [inner], ...beside };
  }

  private plain(node: JsonObject, path: Path, within: readonly string[]): JsonObject {
    const written: Record<string, JsonValue> = {};
    const hidden = this.hiddenOf(node, path);
    for (const [key, value] of Object.entries(node)) {
      const at = [...path, key];
      if (LEFT_OUT.has(key) || key.startsWith('x-')) continue;
      if (ONE.has(key)) written[key] = this.schema(value, at, within);
      else if (LIST.has(key)) {
        if (!Array.isArray(value)) throw this.document.problem(at, 'expected a list of schemas');
        written[key] = value.map((one, i) => this.schema(one, [...at, i], within));
      } else if (MAP.has(key)) {
        if (!isObject(value)) throw this.document.problem(at, 'expected schemas by name');
        const shown = Object.entries(value).filter(([name]) => key !== 'properties' || !hidden.has(name));
        written[key] = Object.fromEntries(
          shown.map(([name, one]) => [name, this.schema(one, [...at, name], within)]),
        );
      } else if (key === 'required') {
        const names = Array.isArray(value) ? value.filter((one) => !hidden.has(String(one))) : [];
        if (names.length > 0) written[key] = names;
      } else written[key] = value as JsonValue;
    }
    return asNewest(written, node);
  }

  /** Properties that only the other side writes. */
  private hiddenOf(node: JsonObject, path: Path): Set<string> {
    const mark = this.use === 'request' ? 'readOnly' : 'writeOnly';
    const { properties } = node;
    if (!isObject(properties)) return new Set();
    const at = [...path, 'properties'];
    const isHidden = ([name, one]: [string, unknown]): boolean => {
      if (!isObject(one)) return false;
      if (one[mark] === true) return true;
      return (
        one['$ref'] !== undefined && this.document.object(one, [...at, name], 'a schema').value[mark] === true
      );
    };
    return new Set(
      Object.entries(properties)
        .filter(isHidden)
        .map(([name]) => name),
    );
  }

  private named(reference: string): string {
    const known = this.names.get(reference);
    if (known !== undefined) return known;
    const plain = (reference.split('/').at(-1) ?? '').replace(/[^A-Za-z0-9_.-]+/g, '_') || 'schema';
    const taken = new Set(this.names.values());
    let name = plain;
    for (let n = 2; taken.has(name); n++) name = `${plain}_${n}`;
    this.names.set(reference, name);
    this.waiting.push(reference);
    return name;
  }
}

/** What OpenAPI 3.0 says in words of its own. */
function asNewest(schema: Record<string, JsonValue>, { nullable }: JsonObject): JsonObject {
  for (const [flag, limit] of [
    ['exclusiveMinimum', 'minimum'],
    ['exclusiveMaximum', 'maximum'],
  ] as const) {
    const { [flag]: is, [limit]: value } = schema;
    if (typeof is !== 'boolean') continue;
    delete schema[flag];
    if (!is || value === undefined) continue;
    schema[flag] = value;
    delete schema[limit];
  }
  if (nullable !== true) return schema;
  const { type, enum: values, description } = schema;
  if (typeof type !== 'string')
    return type === undefined && Object.keys(schema).some((key) => key !== 'description')
      ? { ...(description !== undefined && { description }), anyOf: [schema, { type: 'null' }] }
      : schema;
  return {
    ...schema,
    type: [type, 'null'],
    ...(Array.isArray(values) && !values.includes(null) && { enum: [...values, null] }),
  };
}
