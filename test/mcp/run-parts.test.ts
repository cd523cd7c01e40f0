import { describe, expect, it } from 'vitest';
import { callResult } from '../../core/mcp/run/result-parts.js';
import { ToolNames } from '../../core/mcp/run/tool-names.js';
import type { OfferedTool } from '../../core/mcp/tool-run.js';

const offered = (server: string, tool: string): OfferedTool =>
  ({ server: { id: server }, tool: { name: tool }, settings: null }) as unknown as OfferedTool;
const pairs = (names: ToolNames): string[] =>
  names.all.map(({ server, tool }) => `${server.id}/${tool.name}`);

describe('names of functions', () => {
  it('say the server and the tool', () => {
    const names = new ToolNames([offered('files', 'read'), offered('search', 'read')], new Set());
    expect(names.all.map(({ name }) => name)).toEqual(['files__read', 'search__read']);
    expect(names.find('search__read')?.server.id).toBe('search');
    expect(names.find('read')).toBeNull();
  });

  it.each([
    ['a tool that looks like another server’s', [offered('a', 'b__c'), offered('a__b', 'c')], []],
    ['a function of the client', [offered('a', 'b')], ['a__b']],
    ['signs that providers refuse', [offered('a', 'b.c'), offered('a', 'b/c'), offered('a', 'b_c')], []],
    ['a long name', [offered('a'.repeat(64), 'b'.repeat(256)), offered('a'.repeat(64), 'b'.repeat(255))], []],
    ['hashes that are taken', [offered('a', 'ü')], ['a___67e4', 'a__ü']],
  ])('stay apart: %s', (_, tools, taken) => {
    const own = new Set<string>(taken);
    const names = new ToolNames(tools, own);
    const all = names.all.map(({ name }) => name);
    expect(new Set(all).size).toBe(tools.length);
    for (const name of all) {
      expect(name).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
      expect(own.has(name)).toBe(false);
    }
    expect(pairs(names)).toEqual(tools.map(({ server, tool }) => `${server.id}/${tool.name}`));
    for (const { server, tool } of tools) {
      expect(names.find(names.of(server.id, tool.name))).toMatchObject({ server, tool });
      expect(names.exactly(server.id, tool.name)).toBe(names.of(server.id, tool.name));
    }
    // The same as long as the tools are.
    expect(new ToolNames(tools, own).all.map(({ name }) => name)).toEqual(all);
  });

  it('of a tool that is not there lead to none, whatever they look like', () => {
    const names = new ToolNames([offered('a__b', 'c')], new Set());
    expect(names.of('a', 'b__c')).toBe('a__b__c');
    expect(names.exactly('a', 'b__c')).toBe('');
  });
});

describe('what a model is told of a result', () => {
  const told = (content: object[], limit = 100, more = {}) =>
    callResult({ content, ...more } as Parameters<typeof callResult>[0], limit);

  it('is its texts and pictures, and words for the rest', () => {
    const content = [
      { type: 'text', text: 'one' },
      { type: 'image', mimeType: 'image/png', data: 'AAAA' },
      { type: 'resource', resource: { uri: 'file:///a', text: 'two' } },
      { type: 'resource', resource: { uri: 'file:///b', blob: 'AAAA' } },
      { type: 'resource_link', name: 'c', uri: 'file:///c' },
      { type: 'audio', mimeType: 'audio/wav', data: 'AAAA' },
    ];
    const { parts, text } = told(content, 1000);
    expect(parts.map(({ type }) => type)).toEqual(['text', 'image', 'text', 'text', 'text', 'text']);
    expect(text).toBe(
      'one\n\ntwo\n\n[The resource file:///b is no text.]\n\n[Resource c: file:///c]\n\n[Something of the type audio, which cannot be shown here.]',
    );
  });

  it('is cut at its limit, between characters, and says so', () => {
    expect(told([{ type: 'text', text: `${'x'.repeat(99)}€ more` }]).text).toBe(
      `${'x'.repeat(99)}\n[7 more bytes of 107 are cut off.]`,
    );
    const { parts } = told([
      { type: 'text', text: 'x'.repeat(90) },
      { type: 'image', mimeType: 'image/png', data: 'A'.repeat(20) },
    ]);
    expect(parts[1]).toEqual({ type: 'text', text: '[A picture of 20 bytes is left out.]' });
  });

  it('is never nothing', () => {
    expect(told([]).text).toBe('Done.');
    expect(told([], 100, { isError: true })).toMatchObject({ text: 'It failed.', failed: true });
    expect(told([], 100, { structuredContent: { n: 1 } }).text).toBe('{"n":1}');
  });
});
