import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileFields } from '../../core/wire/json-fields.js';
import { removeFields } from '../../core/wire/json-remove.js';
import { scanTopLevel } from '../../core/wire/json-scan.js';
import { FieldSpans } from '../../core/wire/json-spans.js';
import { insertField, splice } from '../../core/wire/json-splice.js';

const names = ['a', 'b', 'c'] as const;
const fields = compileFields([...names]);

function without(text: string, wanted: readonly string[]) {
  const body = Buffer.from(text);
  const spans = new FieldSpans(fields);
  expect(scanTopLevel(body, fields, spans)).toBe('ok');
  const there = wanted.map((name) => fields.names.indexOf(name as 'a')).filter((field) => spans.has(field));
  const { edits, emptied } = removeFields(body, spans, there);
  const inserted = insertField(spans, 'z', '1', !emptied && spans.empty ? true : emptied);
  return {
    text: splice(body, edits).toString(),
    withMore: splice(body, [...edits, inserted]).toString(),
    emptied,
  };
}

const space = fc.stringMatching(/^[ \n\t\r]{0,2}$/);

describe('removing members from the bytes of an object', () => {
  it('leaves every other byte as it was', () => {
    expect(without('{"x": 1.0, "a":"m" , "y":[1, 2]}', ['a']).text).toBe('{"x": 1.0,  "y":[1, 2]}');
    expect(without('{"x": 1.0, "a":"m"}', ['a']).text).toBe('{"x": 1.0}');
  });

  it('takes neighbours at the end with the comma before them', () => {
    expect(without('{"x":1,"a":2 , "b":3 }', ['a', 'b']).text).toBe('{"x":1 }');
  });

  it('gives what JSON.parse and delete give, and leaves room for a new member', () => {
    const member = fc.tuple(fc.constantFrom('a', 'b', 'c', 'x', 'y'), fc.json({ maxDepth: 2 }), space, space);
    fc.assert(
      fc.property(
        fc.uniqueArray(member, { selector: ([name]) => name, maxLength: 5 }),
        fc.subarray([...names]),
        space,
        (members, wanted, gap) => {
          const inside = members.map(([name, json, s, t]) => `${s}"${name}"${t}:${s}${json}${t}`).join(',');
          const expected = JSON.parse(`{${inside}}`);
          for (const name of wanted) delete expected[name];
          const made = without(`{${inside}${gap}}`, wanted);
          expect(JSON.parse(made.text)).toEqual(expected);
          expect(JSON.parse(made.withMore)).toEqual({ ...expected, z: 1 });
        },
      ),
      { numRuns: 500 },
    );
  });
});
