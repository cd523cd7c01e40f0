import type { JsonObject } from '@headgate/sdk';
import { isObject } from '../json-object.js';

/** Deeper, a type says no more. */
const DEEPEST = 6;
/** Of a type; what is larger is cut short by saying less of what is deep. */
const LONGEST = 6000;
const MOST_VALUES = 40;

const IDENTIFIER = /^[A-Za-z_$][A-Za-z0-9_$]*$/;

/** A JSON Schema as a type of TypeScript. Whatever it cannot say is `unknown`. */
export function typeText(schema: JsonObject): string {
  for (let depth = DEEPEST; depth > 0; depth--) {
    const text = new TypeWriter(schema, depth).type(schema, 0, []);
    if (text.length <= LONGEST || depth === 1) return text;
  }
  return 'unknown';
}

class TypeWriter {
  constructor(
    private readonly root: JsonObject,
    private readonly deepest: number,
  ) {}

  type(schema: unknown, depth: number, within: readonly string[]): string {
    if (!isObject(schema)) return schema === false ? 'never' : 'unknown';
    const { $ref: reference, const: only, enum: values, type } = schema;
    if (typeof reference === 'string') {
      const target = within.includes(reference) ? undefined : this.target(reference);
      return target === undefined ? 'unknown' : this.type(target, depth, [...within, reference]);
    }
    if (only !== undefined) return JSON.stringify(only);
    if (Array.isArray(values)) return valuesText(values);
    const parts = this.combined(schema, depth, within);
    if (parts !== null) return parts;
    if (Array.isArray(type)) {
      const each = type.map((one) => this.ofType(String(one), schema, depth, within));
      return [...new Set(each)].join(' | ') || 'unknown';
    }
    const said = typeof type === 'string' ? type : isObject(schema['properties']) ? 'object' : '';
    return this.ofType(said, schema, depth, within);
  }

  private combined(schema: JsonObject, depth: number, within: readonly string[]): string | null {
    const { anyOf, oneOf, allOf } = schema;
    const any = Array.isArray(anyOf) ? anyOf : Array.isArray(oneOf) ? oneOf : null;
    if (any !== null) return [...new Set(any.map((one) => this.type(one, depth, within)))].join(' | ');
    if (!Array.isArray(allOf)) return null;
    const own = isObject(schema['properties']) ? [this.object(schema, depth, within)] : [];
    const all = [...allOf.map((one) => this.type(one, depth, within)), ...own].map((one) =>
      one.includes(' | ') ? `(${one})` : one,
    );
    return [...new Set(all)].join(' & ');
  }

  private ofType(type: string, schema: JsonObject, depth: number, within: readonly string[]): string {
    switch (type) {
      case 'string':
      case 'boolean':
      case 'null':
        return type;
      case 'number':
      case 'integer':
        return 'number';
      case 'array': {
        if (depth >= this.deepest) return 'unknown[]';
        const item = this.type(schema['items'] ?? true, depth + 1, within);
        return /[|&]/.test(item) && !item.startsWith('{') ? `(${item})[]` : `${item}[]`;
      }
      case 'object':
        return this.object(schema, depth, within);
    }
    return 'unknown';
  }

  private object(schema: JsonObject, depth: number, within: readonly string[]): string {
    const { properties, required, additionalProperties: more } = schema;
    const names = isObject(properties) ? Object.entries(properties) : [];
    if (depth >= this.deepest) return 'object';
    const needed = new Set(Array.isArray(required) ? required : []);
    const indent = '  '.repeat(depth + 1);
    const lines = names.map(([name, one]) => {
      const key = IDENTIFIER.test(name) ? name : JSON.stringify(name);
      const mark = needed.has(name) ? '' : '?';
      return `${commentText(isObject(one) ? one['description'] : '', indent)}${indent}${key}${mark}: ${this.type(one, depth + 1, within)};`;
    });
    if (isObject(more) || (more === true && lines.length === 0))
      lines.push(`${indent}[name: string]: ${this.type(more, depth + 1, within)};`);
    if (lines.length === 0) return more === false ? '{}' : 'Record<string, unknown>';
    return `{\n${lines.join('\n')}\n${'  '.repeat(depth)}}`;
  }

  private target(reference: string): unknown {
    if (!reference.startsWith('#/')) return undefined;
    let at: unknown = this.root;
    for (const key of reference.slice(2).split('/')) {
      const name = key.replaceAll('~1', '/').replaceAll('~0', '~');
      if (!isObject(at) || !Object.hasOwn(at, name)) return undefined;
      at = at[name];
    }
    return at;
  }
}

function valuesText(values: readonly unknown[]): string {
  const shown = values.slice(0, MOST_VALUES).map((one) => JSON.stringify(one));
  return [...shown, ...(values.length > MOST_VALUES ? ['unknown'] : [])].join(' | ') || 'never';
}

/** A comment for documentation, with its line break; empty for nothing. */
export function commentText(text: unknown, indent: string): string {
  if (typeof text !== 'string' || text.trim() === '') return '';
  // A server must not end the comment, and with it what we say.
  const lines = text.trim().replaceAll('*/', '* /').split(/\r?\n/);
  if (lines.length === 1) return `${indent}/** ${lines[0]} */\n`;
  return `${indent}/**\n${lines.map((line) => `${indent} * ${line}`.trimEnd()).join('\n')}\n${indent} */\n`;
}
