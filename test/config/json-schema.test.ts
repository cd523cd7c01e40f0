// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the syntax of the configuration file
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { configJsonSchema, dataSchema, type JsonSchema } from '../../core/config/json-schema.js';
import { keysAt, wordsAt } from '../../core/config/known.js';
import { EXAMPLE } from './example.js';

// A reading of the schema that does not share a line with ours: zod's own importer of JSON Schema.
const editor = z.fromJSONSchema(configJsonSchema() as Parameters<typeof z.fromJSONSchema>[0]);

describe('the JSON Schema for editors', () => {
  it('is a draft 2020-12 object that allows nothing unknown', () => {
    const schema = configJsonSchema();
    expect(schema.$schema).toBe('https://json-schema.org/draft/2020-12/schema');
    expect(schema).toMatchObject({
      type: 'object',
      additionalProperties: false,
      title: 'Headgate configuration',
    });
    expect(JSON.parse(JSON.stringify(schema))).toEqual(schema);
    expect(schema.required).toBeUndefined();
  });

  it('accepts the example with its variables unreplaced', () => {
    expect(editor.safeParse(parse(EXAMPLE)).error).toBeUndefined();
  });

  it('accepts a variable wherever a value is restricted, and still refuses wrong ones', () => {
    const good = { server: { port: '${PORT}', drain_timeout: '${D:-5s}', tls: undefined }, models: {} };
    expect(editor.safeParse(good).success).toBe(true);
    for (const bad of [
      { server: { port: 'x' } },
      { server: { port: 99_999 } },
      { server: { prot: 1 } },
      { server: { drain_timeout: '5 parsecs' } },
      { models: { m: { targets: ['no-slash'] } } },
      { models: { m: { strategy: 'fallbck', targets: ['a/b'] } } },
      { keys: [{ value: 'x' }] },
    ]) {
      expect(editor.safeParse(bad).success).toBe(false);
    }
  });

  it('describes every key', () => {
    const bare: string[] = [];
    const walk = (schema: JsonSchema, path: string): void => {
      for (const [name, inside] of Object.entries(schema.properties ?? {})) {
        if (!inside.description) bare.push(`${path}.${name}`);
        walk(inside, `${path}.${name}`);
      }
      if (schema.items) walk(schema.items, `${path}[]`);
      if (typeof schema.additionalProperties === 'object') walk(schema.additionalProperties, `${path}.*`);
      for (const inside of schema.anyOf ?? []) walk(inside, path);
    };
    walk(configJsonSchema(), '');
    expect(bare).toEqual([]);
  });

  it('shows defaults as they are written in the file', () => {
    const server = dataSchema().properties?.['server']?.properties;
    expect(server?.['body_limit']?.default).toBe('50mb');
    expect(server?.['drain_timeout']?.default).toBe('30s');
    expect(server?.['port']?.default).toBe(8080);
  });
});

describe('names known to the schema', () => {
  it('are found at any path, through maps, lists and alternatives', () => {
    expect(keysAt(['models', 'any', 'targets', 3])).toEqual(['target', 'weight']);
    expect(keysAt(['keys', 0, 'budget'])).toEqual(['usd', 'per']);
    expect(keysAt(['nowhere'])).toEqual([]);
    expect(wordsAt(['models', 'any', 'strategy'])).toContain('least_latency');
    expect(wordsAt(['server', 'threads'])).toEqual(['auto']);
  });

  it('do not include what every object inherits', () => {
    expect(keysAt(['constructor'])).toEqual([]);
    expect(keysAt(['server', 'toString'])).toEqual([]);
  });
});
