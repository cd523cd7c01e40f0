import { dataSchema, type JsonSchema } from '../../core/config/json-schema.js';

/** What stands for a free name in a path. */
const FREE: Record<string, string> = {
  providers: '<id>',
  'mcp.servers': '<id>',
  'mcp.servers.<id>.tools': '<tool>',
  models: '<name>',
  'providers.<id>.headers': '<header>',
  'providers.<id>.formats': '<format>',
};

function typeOf(schema: JsonSchema): string {
  if (schema.anyOf !== undefined) {
    const kinds = schema.anyOf.map(typeOf);
    if (schema.anyOf.some((inside) => inside.pattern?.includes('kb|mb'))) return 'size';
    return [...new Set(kinds)].join(' or ');
  }
  if (schema.const !== undefined) return `\`${schema.const}\``;
  if (schema.enum !== undefined) return schema.enum.map((word) => `\`${word}\``).join(', ');
  if (schema.pattern?.includes('ms|s|m')) return 'duration';
  if (schema.type === 'array') return `list of ${typeOf(schema.items ?? {})}`;
  if (schema.type === 'object') return 'mapping';
  if (schema.type === 'integer') return `whole number${range(schema)}`;
  if (schema.type === 'boolean') return '`true` or `false`';
  return schema.type === 'string' ? 'text' : (schema.type ?? 'not yet');
}

function range({ minimum, maximum }: JsonSchema): string {
  return minimum === undefined || maximum === undefined ? '' : ` ${minimum}–${maximum}`;
}

function defaultOf(schema: JsonSchema, required: boolean): string {
  if (required) return '*required*';
  if (schema.default === undefined || schema.type === 'object') return '';
  return `\`${typeof schema.default === 'string' ? schema.default : JSON.stringify(schema.default)}\``;
}

/** Every key with its path, in the order of the schema. */
export function keyRows(
  schema: JsonSchema,
  path: string,
  row: (path: string, schema: JsonSchema, required: boolean) => void,
): void {
  for (const inside of schema.anyOf ?? []) keyRows(inside, path, row);
  if (schema.items !== undefined) keyRows(schema.items, `${path}[]`, row);
  if (typeof schema.additionalProperties === 'object' && FREE[path] !== undefined) {
    keyRows(schema.additionalProperties, `${path}.${FREE[path]}`, row);
  }
  for (const [name, inside] of Object.entries(schema.properties ?? {})) {
    const below = path === '' ? name : `${path}.${name}`;
    row(below, inside, schema.required?.includes(name) === true && inside.default === undefined);
    keyRows(inside, below, row);
  }
}

/** The reference part of docs/configuration.md: a table a section. */
export function referenceMarkdown(): string {
  const lines: string[] = [];
  for (const [section, schema] of Object.entries(dataSchema().properties ?? {})) {
    lines.push(`### \`${section}\``, '', schema.description ?? '', '');
    const rows: string[] = [];
    keyRows(schema, section, (path, inside, required) => {
      const cells = [`\`${path}\``, typeOf(inside), defaultOf(inside, required), inside.description ?? ''];
      rows.push(`| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`);
    });
    if (rows.length > 0)
      lines.push('| key | type | default | what |', '| --- | --- | --- | --- |', ...rows, '');
  }
  return lines.join('\n').trimEnd();
}
