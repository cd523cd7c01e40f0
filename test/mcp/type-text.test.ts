import { describe, expect, it } from 'vitest';
import { ProgramTools } from '../../core/mcp/code/program-tools.js';
import { typeText } from '../../core/mcp/code/type-text.js';
import type { ToolDefinition } from '../../core/mcp/protocol.js';

describe('a schema as a type', () => {
  it.each([
    [{ type: 'string' }, 'string'],
    [{ type: 'integer' }, 'number'],
    [{ type: ['string', 'null'] }, 'string | null'],
    [{ enum: ['a', 1, null] }, '"a" | 1 | null'],
    [{ const: 'x' }, '"x"'],
    [{ type: 'array', items: { type: 'string' } }, 'string[]'],
    [{ type: 'array', items: { enum: ['a', 'b'] } }, '("a" | "b")[]'],
    [{ type: 'array' }, 'unknown[]'],
    [{ anyOf: [{ type: 'string' }, { type: 'number' }, { type: 'integer' }] }, 'string | number'],
    [
      { allOf: [{ type: 'object', properties: { a: { type: 'string' } } }], properties: { b: {} } },
      '{\n  a?: string;\n} & {\n  b?: unknown;\n}',
    ],
    [{ type: 'object' }, 'Record<string, unknown>'],
    [{ type: 'object', additionalProperties: false }, '{}'],
    [{ type: 'object', additionalProperties: { type: 'number' } }, '{\n  [name: string]: number;\n}'],
    [{ $ref: '#/$defs/A', $defs: { A: { type: 'string' } } }, 'string'],
    [{ $ref: '#/$defs/B' }, 'unknown'],
    [{ $ref: 'https://evil.example/' }, 'unknown'],
    [true, 'unknown'],
    [false, 'never'],
    [{}, 'unknown'],
    [{ properties: { 'a-b': {} } }, '{\n  "a-b"?: unknown;\n}'],
  ])('%j', (schema, text) => {
    expect(typeText(schema as never)).toBe(text);
  });

  it('that leads back to itself ends', () => {
    const node = { type: 'object', properties: { next: { $ref: '#/$defs/Node' } } };
    expect(typeText({ $ref: '#/$defs/Node', $defs: { Node: node } })).toBe('{\n  next?: unknown;\n}');
  });

  it('that is very large says less of what is deep', () => {
    const level = (depth: number): object =>
      depth === 0
        ? { type: 'string' }
        : {
            type: 'object',
            properties: Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`p${i}`, level(depth - 1)])),
          };
    expect(typeText(level(5) as never).length).toBeLessThan(6001);
  });
});

const tool = (name: string, more: Partial<ToolDefinition> = {}): ToolDefinition => ({
  name,
  title: '',
  description: '',
  inputSchema: { type: 'object' },
  outputSchema: null,
  returns: null,
  annotations: {},
  extra: {},
  fingerprint: name,
  ...more,
});
const placed = (server: string, definition: ToolDefinition) => ({ server: { id: server }, tool: definition });

describe('tools as functions', () => {
  it('have names that the language takes, each its own', () => {
    const tools = new ProgramTools([
      placed('my-files', tool('read-file')),
      placed('my-files', tool('read_file')),
      placed('my_files', tool('read.file')),
      placed('7days', tool('1st')),
      placed('class', tool('new')),
      placed('console', tool('log')),
    ]);
    expect(tools.functions.map(({ object, name }) => `${object}.${name}`)).toEqual([
      'my_files.read_file',
      'my_files.read_file_2',
      'my_files_2.read_file',
      '_7days._1st',
      'class_2.new',
      'console_2.log',
    ]);
    expect(tools.find('my_files_2.read_file(path)')?.of.server.id).toBe('my_files');
    expect(tools.find('my-files__read-file')?.name).toBe('read_file');
    expect(tools.find('my-files/read_file')?.name).toBe('read_file_2');
    expect(tools.find('nothing')).toBeNull();
  });

  it('are declared with what they take, give and say, and end no comment', () => {
    const tools = new ProgramTools([
      placed(
        'files',
        tool('read', {
          description: 'Reads */ a file.\nAll of it.',
          inputSchema: {
            type: 'object',
            properties: { path: { type: 'string', description: 'Where. */ evil' } },
            required: ['path'],
          },
          outputSchema: {
            type: 'object',
            properties: { content: { type: 'string' } },
            required: ['content'],
          },
        }),
      ),
      placed('files', tool('list', { returns: { type: 'array', items: { type: 'string' } } })),
      placed('files', tool('stat')),
    ]);
    const [read, list, stat] = tools.functions.map((one) => tools.declaration(one));
    expect(read).toBe(
      '/**\n * Reads * / a file.\n * All of it.\n */\n' +
        'files.read(args: {\n  /** Where. * / evil */\n  path: string;\n}): Promise<{\n  content: string;\n}>',
    );
    expect(list).toBe('files.list(args?: Record<string, unknown>): Promise<string[]>');
    expect(stat).toBe('files.stat(args?: Record<string, unknown>): Promise<string>');
  });
});
