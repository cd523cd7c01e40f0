// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the syntax of the configuration file
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { dataSchema, type JsonSchema } from '../../core/config/json-schema.js';
import { printConfig } from '../../core/config/print.js';
import { ConfigError, type Problem } from '../../core/config/problem.js';
import { EXAMPLE, EXAMPLE_ENV } from './example.js';
import { loadText } from './load-text.js';

const PATH =
  /^(?:(?:[A-Za-z0-9_-]+|\[\d+\]|\["(?:[^"\\]|\\.)*"\])(?:\.[A-Za-z0-9_-]+|\[\d+\]|\["(?:[^"\\]|\\.)*"\])*)?$/;

function wellFormed(problem: Problem, text: string): void {
  expect(problem.path).toMatch(PATH);
  expect(problem.message).not.toBe('');
  expect(problem.message).not.toMatch(/undefined|\[object|Invalid input/);
  expect([...problem.message].every((char) => char >= ' ')).toBe(true);
  for (const secret of Object.values(EXAMPLE_ENV)) expect(JSON.stringify(problem)).not.toContain(secret);
  if (problem.line === null) return;
  expect(problem.line).toBeGreaterThanOrEqual(1);
  expect(problem.line).toBeLessThanOrEqual(text.split('\n').length + 1);
  expect(problem.column).toBeGreaterThanOrEqual(1);
}

/** Loads; anything thrown but a well-formed ConfigError fails the test. */
function load(content: string | Uint8Array): void {
  try {
    const loaded = loadText(content, { env: EXAMPLE_ENV });
    printConfig(loaded);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    expect(error.problems.length).toBeGreaterThan(0);
    for (const problem of error.problems) wellFormed(problem, Buffer.from(content).toString());
  }
}

/** Every name the schema knows, to get past the first unknown key. */
function names(schema: JsonSchema, found = new Set<string>()): Set<string> {
  for (const [name, inside] of Object.entries(schema.properties ?? {})) names(inside, found.add(name));
  for (const inside of [schema.items, schema.additionalProperties, ...(schema.anyOf ?? [])]) {
    if (typeof inside === 'object') names(inside, found);
  }
  return found;
}

const leaf = fc.oneof(
  fc.constantFrom(
    'openai',
    'openai/gpt-4o',
    'fallback',
    '5xx',
    '2s',
    '50mb',
    '${CI_KEY}',
    '${NOPE}',
    '${',
    '*',
    './x',
    '',
  ),
  fc.string(),
  fc.integer(),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
);
const name = fc.oneof(fc.constantFrom(...names(dataSchema()), 'openai', 'local', 'support'), fc.string());
const tree = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    leaf,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(name, tie('value'), { maxKeys: 4 }),
  ),
})).value;

/** A document with the right sections, so that the checks behind the schema are reached. */
const sections = fc.dictionary(fc.constantFrom(...Object.keys(dataSchema().properties ?? {})), tree);

describe('whatever the file holds', () => {
  it('loading gives a configuration or a ConfigError with well-formed problems', () => {
    fc.assert(
      fc.property(fc.oneof(sections, tree), (data) => load(stringify(data))),
      { numRuns: 300 },
    );
  });

  it('so do texts that are hardly YAML', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => load(text)),
      { numRuns: 200 },
    );
    const marks = fc.constantFrom(
      'a',
      ':',
      ' ',
      '\n',
      '-',
      '[',
      ']',
      '{',
      '}',
      '"',
      "'",
      '&a',
      '*a',
      '|',
      '!',
      '%',
      '#',
      '<<',
      '?',
      ',',
      '\t',
    );
    fc.assert(
      fc.property(fc.array(marks, { maxLength: 25 }), (parts) => load(parts.join(''))),
      { numRuns: 500 },
    );
  });

  it('so do bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => load(bytes)),
      { numRuns: 200 },
    );
  });

  it('so does the example with any stretch of it cut out', () => {
    const place = fc.nat(EXAMPLE.length);
    fc.assert(
      fc.property(place, fc.nat(40), (start, length) =>
        load(EXAMPLE.slice(0, start) + EXAMPLE.slice(start + length)),
      ),
      { numRuns: 200 },
    );
  });
});
