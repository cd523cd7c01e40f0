import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileFields } from '../../core/wire/json-fields.js';
import { scanTopLevel } from '../../core/wire/json-scan.js';
import { FieldSpans } from '../../core/wire/json-spans.js';
import { insertField, renameField, replaceValue, splice } from '../../core/wire/json-splice.js';
import { bytesOf, objectText, valueText, WANTED } from './json-text.js';

const fields = compileFields(WANTED);

function scanned(body: Buffer): FieldSpans {
  const spans = new FieldSpans(fields);
  expect(scanTopLevel(body, fields, spans)).toBe('ok');
  return spans;
}

const parse = (bytes: Buffer): Record<string, unknown> =>
  JSON.parse(bytes.toString()) as Record<string, unknown>;

/** Member by member, so that a key named __proto__ is as good as any. */
function members(object: Record<string, unknown>): Map<string, unknown> {
  return new Map(Object.entries(object));
}

describe('splice', () => {
  it('changes the value of one field, or adds it, and no other byte', () => {
    fc.assert(
      fc.property(objectText, fc.constantFrom(...WANTED), valueText, (text, name, json) => {
        const body = bytesOf(text);
        const before = Buffer.from(body);
        const spans = scanned(body);
        const field = fields.index(name);
        const edit = spans.has(field)
          ? replaceValue(spans, field, Buffer.from(json))
          : insertField(spans, name, json);
        const result = splice(body, [edit]);

        expect(members(parse(result))).toEqual(members(parse(before)).set(name, JSON.parse(json)));
        expect(result.subarray(0, edit.start).equals(before.subarray(0, edit.start))).toBe(true);
        expect(result.subarray(edit.start + edit.bytes.length).equals(before.subarray(edit.end))).toBe(true);
        expect(body.equals(before)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it('makes several edits at once', () => {
    fc.assert(
      fc.property(objectText, valueText, valueText, (text, json, added) => {
        const body = bytesOf(text);
        const spans = scanned(body);
        const present = WANTED.map((_, field) => field)
          .filter((field) => spans.has(field))
          .sort((a, b) => spans.start(a) - spans.start(b));
        const result = splice(body, [
          ...present.map((field) => replaceValue(spans, field, Buffer.from(json))),
          insertField(spans, 'new "1"', added),
          insertField(spans, 'new 2', json, false),
        ]);
        const expected = members(parse(body));
        for (const field of present) expected.set(WANTED[field]!, JSON.parse(json));
        expect(members(parse(result))).toEqual(
          expected.set('new "1"', JSON.parse(added)).set('new 2', JSON.parse(json)),
        );
      }),
    );
  });

  it('puts another name in the place of a field and leaves its value', () => {
    const body = Buffer.from('{"a":1, "max\\u005ftokens" : 12 }');
    const spans = scanned(body);
    const result = splice(body, [renameField(spans, fields.index('max_tokens'), 'max_completion_tokens')]);
    expect(result.toString()).toBe('{"a":1, "max_completion_tokens" : 12 }');
  });

  it('adds to an empty object without a comma', () => {
    const body = Buffer.from('{ }');
    expect(splice(body, [insertField(scanned(body), 'a', '1')]).toString()).toBe('{ "a":1}');
  });

  it('copies the body when there is nothing to edit', () => {
    const body = Buffer.from('{}');
    const result = splice(body, []);
    expect(result).toEqual(body);
    expect(result).not.toBe(body);
  });

  it('refuses edits that overlap, are out of order, or lie outside the body', () => {
    const body = Buffer.from('{"a":1}');
    const edit = (start: number, end: number) => ({ start, end, bytes: Buffer.from('x') });
    for (const edits of [
      [edit(1, 4), edit(3, 5)],
      [edit(3, 4), edit(1, 2)],
      [edit(-1, -1)],
      [edit(5, 4)],
      [edit(6, 8)],
      [edit(Number.NaN, 2)],
    ]) {
      expect(() => splice(body, edits)).toThrow(RangeError);
    }
    expect(() =>
      splice(body, [replaceValue(scanned(body), fields.index('model'), Buffer.from('1'))]),
    ).toThrow(RangeError);
  });
});
