import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileFields } from '../../core/wire/json-fields.js';
import { readBoolean, readNumber, readString } from '../../core/wire/json-read.js';
import { scanTopLevel } from '../../core/wire/json-scan.js';
import { FieldSpans } from '../../core/wire/json-spans.js';
import { bytesOf, mutate, mutations, objectText, textOf, valueText, WANTED } from './json-text.js';

const fields = compileFields(WANTED);
const MODEL = fields.index('model');
const STREAM = fields.index('stream');
const MAX_TOKENS = fields.index('max_tokens');

function scan(body: string | Uint8Array): { result: string; spans: FieldSpans; bytes: Buffer } {
  const bytes = Buffer.from(body);
  const spans = new FieldSpans(fields);
  return { result: scanTopLevel(bytes, fields, spans), spans, bytes };
}

function parseObject(bytes: Buffer): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(bytes.toString());
    return value !== null && typeof value === 'object' && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

/** Whether the spans say of every wanted field just what JSON.parse says. */
function expectAgreement(bytes: Buffer, spans: FieldSpans, parsed: Record<string, unknown>): void {
  WANTED.forEach((name, field) => {
    expect(spans.has(field)).toBe(Object.hasOwn(parsed, name));
    if (!spans.has(field)) return;
    const [start, end] = [spans.start(field), spans.end(field)];
    const value = parsed[name];
    expect(JSON.parse(bytes.toString('utf8', start, end))).toEqual(value);
    expect(JSON.parse(bytes.toString('utf8', spans.keyStart(field), spans.keyEnd(field)))).toBe(name);
    expect(readString(bytes, start, end)).toBe(typeof value === 'string' ? value : undefined);
    expect(readNumber(bytes, start, end)).toBe(typeof value === 'number' ? value : undefined);
    expect(readBoolean(bytes, start, end)).toBe(typeof value === 'boolean' ? value : undefined);
  });
  expect(bytes[spans.closeBrace]).toBe(0x7d);
  expect(bytes.toString('utf8', spans.closeBrace + 1).trim()).toBe('');
  expect(spans.empty).toBe(Object.keys(parsed).length === 0);
  expect(spans.errorAt).toBe(-1);
}

describe('scanTopLevel', () => {
  it('agrees with JSON.parse about any object', () => {
    fc.assert(
      fc.property(objectText, (text) => {
        const { result, spans, bytes } = scan(bytesOf(text));
        expect(result).toBe('ok');
        expectAgreement(bytes, spans, parseObject(bytes)!);
      }),
      { numRuns: 1500 },
    );
  });

  it('finds every key inside the values that it shall look for, however it is written, and no other', () => {
    const seeking = compileFields(['outside'], { inside: WANTED });
    const wanted = compileFields(WANTED);
    fc.assert(
      fc.property(valueText, (text) => {
        const bytes = Buffer.from(`{"a":${text},"outside":${text}}`);
        const spans = new FieldSpans(seeking);
        expect(scanTopLevel(bytes, seeking, spans)).toBe('ok');
        const strings = bytes.toString('latin1').matchAll(/("(?:[^"\\]|\\.)*")([ \t\r\n]*:)?/g);
        const keys = [...strings].flatMap(({ index, 1: raw = '', 2: colon }) => {
          const end = index + raw.length;
          return colon === undefined
            ? []
            : [{ end, name: JSON.parse(bytes.toString('utf8', index, end)) as string }];
        });
        const exact = keys.filter(({ name }) => (WANTED as readonly string[]).includes(name));
        const nested = exact.map(({ end }) => end);
        expect(spans.inside).toEqual(expect.arrayContaining(nested));
        const alike = keys.filter(({ name }) => wanted.lookUpText(name) !== -1).map(({ end }) => end);
        expect(alike).toEqual(expect.arrayContaining(spans.inside));
        expect(spans.inside).toEqual([...new Set(spans.inside)].toSorted((a, b) => a - b));
      }),
      { numRuns: 1000 },
    );
  });

  it('agrees with JSON.parse about what JSON.stringify writes, indented or not', () => {
    const record = fc.dictionary(fc.oneof(fc.constantFrom(...WANTED), fc.string()), fc.jsonValue());
    fc.assert(
      fc.property(record, fc.nat(4), (value, indent) => {
        const { result, spans, bytes } = scan(JSON.stringify(value, null, indent));
        expect(result).toBe('ok');
        expectAgreement(bytes, spans, parseObject(bytes)!);
      }),
    );
  });

  it('reports repeated fields and names that differ in case only, however they are written', () => {
    const fold = (key: string): string => key.toLowerCase().replaceAll('ſ', 's');
    fc.assert(
      fc.property(objectText, (text) => {
        const keys = text.members.map(({ key }) => JSON.parse(key) as string);
        const repeated = WANTED.filter((name) => keys.filter((key) => key === name).length > 1);
        const alike = WANTED.filter((name) => keys.some((key) => key !== name && fold(key) === name));
        const { spans } = scan(bytesOf(text));
        if (repeated.length === 0) expect(spans.duplicate).toBe(-1);
        else expect(repeated).toContain(WANTED[spans.duplicate]);
        if (alike.length === 0) expect(spans.lookAlike).toBe(-1);
        else expect(alike).toContain(WANTED[spans.lookAlike]);
      }),
      { numRuns: 1500 },
    );
  });

  it('accepts, of damaged objects, all that JSON.parse accepts, and stays within the bytes', () => {
    fc.assert(
      fc.property(objectText, mutations, (text, changes) => {
        const { result, spans, bytes } = scan(mutate(bytesOf(text), changes));
        const parsed = parseObject(bytes);
        if (parsed !== undefined) {
          expect(result).toBe('ok');
          expectAgreement(bytes, spans, parsed);
        }
        if (result !== 'ok') {
          expect(spans.errorAt).toBeGreaterThanOrEqual(0);
          expect(spans.errorAt).toBeLessThanOrEqual(bytes.length);
          expect(spans.closeBrace).toBe(-1);
        }
        for (let field = 0; field < WANTED.length; field++) {
          expect(spans.end(field)).toBeLessThanOrEqual(bytes.length);
        }
      }),
      { numRuns: 3000 },
    );
  });

  it('takes arbitrary bytes without an exception', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const open = Buffer.concat([Buffer.from('{"model":'), bytes]);
        for (const body of [bytes, open]) {
          const { result, spans } = scan(body);
          expect(body[spans.closeBrace]).toBe(result === 'ok' ? 0x7d : undefined);
          if (parseObject(Buffer.from(body)) !== undefined) expect(result).toBe('ok');
        }
      }),
    );
  });

  it('calls every beginning of an object unterminated', () => {
    const body = Buffer.from(
      JSON.stringify({ model: 'a"\\', stream: [{ a: 1 }], max_tokens: -1.5e-7, user: null }),
    );
    for (let length = 1; length < body.length; length++) {
      expect(scan(body.subarray(0, length)).result).toBe('unterminated');
    }
    expect(scan(body).result).toBe('ok');
  });

  it.each([
    ['', 'not_object'],
    [' \n', 'not_object'],
    ['[]', 'not_object'],
    ['"model"', 'not_object'],
    ['\ufeff{}', 'not_object'],
    ['{"a":1}x', 'trailing'],
    ['{"a":1}{"model":"b"}', 'trailing'],
    ['{}\0', 'trailing'],
    ['{"a" 1}', 'malformed'],
    ['{"a":1 "b":2}', 'malformed'],
    ['{"a":1,}', 'malformed'],
    ['{,}', 'malformed'],
    ['{"a":}', 'malformed'],
    ['{a:1}', 'malformed'],
    ["{'a':1}", 'malformed'],
    ['{"a":[1}', 'malformed'],
    ['{"a":{"b":[}]}', 'malformed'],
    ['{"a":1]', 'malformed'],
    ['{"a":NaN}', 'malformed'],
    ['{"a":[Infinity]}', 'malformed'],
    ['{"a":truth}', 'malformed'],
    ['{"a":true1}', 'malformed'],
    ['{"a":01}', 'malformed'],
    ['{"a":1.}', 'malformed'],
    ['{"a":+1}', 'malformed'],
    ['{"a":.5}', 'malformed'],
    ['{"a":1e}', 'malformed'],
    ['{"a\nb":1}', 'malformed'],
    ['{"mod\\el":1}', 'malformed'],
    ['{"mod\\u00zzel":1}', 'malformed'],
    ['{"a":"b', 'unterminated'],
    ['{"a":"b\\"}', 'unterminated'],
    ['{"a":[{}', 'unterminated'],
  ])('says of %j: %s', (body, result) => {
    expect(scan(body).result).toBe(result);
  });

  it('says where a body goes wrong', () => {
    expect(scan('{"a":[1}').spans.errorAt).toBe(7);
    expect(scan('{"a":1 "b":2}').spans.errorAt).toBe(7);
    expect(scan('{"a":1} x').spans.errorAt).toBe(8);
  });

  it('lets no comment hide a member from us that a lenient provider would read', () => {
    expect(scan('{"a":[/*"*/],"model":"dear"/*"]}*/}').result).toBe('malformed');
    expect(scan(`{"a":['"'],"model":"dear","b":['"']}`).result).toBe('malformed');
  });

  it('reads a key for what it means', () => {
    const { spans, bytes } = scan('{"\\u006dod\\u0065l":"x","max\\u005ftokens":5}');
    expect(readString(bytes, spans.start(MODEL), spans.end(MODEL))).toBe('x');
    expect(readNumber(bytes, spans.start(MAX_TOKENS), spans.end(MAX_TOKENS))).toBe(5);
  });

  it('takes the last of repeated fields, as JSON.parse does, and reports them', () => {
    const { spans, bytes, result } = scan('{"model":"a","stream":true,"\\u006dodel":"b"}');
    expect(result).toBe('ok');
    expect(spans.duplicate).toBe(MODEL);
    expect(readString(bytes, spans.start(MODEL), spans.end(MODEL))).toBe('b');
  });

  it('looks at the top level only', () => {
    const { spans } = scan('{"a":{"model":"x"},"b":["stream",{"stream":true}],"c":"\\"model\\":1"}');
    expect(spans.has(MODEL)).toBe(false);
    expect(spans.has(STREAM)).toBe(false);
    expect(spans.duplicate).toBe(-1);
  });

  it('finds the closing brace of an object with and without members', () => {
    expect(scan(' { } ').spans).toMatchObject({ empty: true, closeBrace: 3 });
    expect(scan('{"a":{}}\n').spans).toMatchObject({ empty: false, closeBrace: 7 });
  });

  it('accepts brackets as deep as allowed and no deeper', () => {
    const nested = (depth: number): string => `{"a":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`;
    expect(scan(nested(512)).result).toBe('ok');
    expect(scan(nested(513)).result).toBe('too_deep');
    expect(scan('{"a":'.repeat(1_000_000)).result).toBe('too_deep');
    const wide = compileFields(['a'], { maxDepth: 100_000 });
    const narrow = compileFields(['a'], { maxDepth: 2 });
    const at = (depth: number, set: typeof wide): string =>
      scanTopLevel(Buffer.from(nested(depth)), set, new FieldSpans(set));
    expect([at(100_000, wide), at(100_001, wide)]).toEqual(['ok', 'too_deep']);
    expect([at(2, narrow), at(3, narrow)]).toEqual(['ok', 'too_deep']);
  });

  it('finds its way through strings full of escapes', () => {
    fc.assert(
      fc.property(
        textOf(fc.array(fc.constantFrom('"', '\\', 'a'), { maxLength: 200 }).map((x) => x.join(''))),
        (text) => {
          const { result, spans, bytes } = scan(`{"a":${text},"b":[${text}],"model":${text}}`);
          expect(result).toBe('ok');
          expect(readString(bytes, spans.start(MODEL), spans.end(MODEL))).toBe(JSON.parse(text));
        },
      ),
    );
  });

  it('takes plain Uint8Arrays, also views into a larger buffer', () => {
    const whole = new Uint8Array(Buffer.from('"{"model":"x"}"'));
    const spans = new FieldSpans(fields);
    expect(scanTopLevel(whole.subarray(1, -1), fields, spans)).toBe('ok');
    expect(spans.start(MODEL)).toBe(9);
  });

  it('forgets the last body when it scans the next with the same spans', () => {
    const spans = new FieldSpans(fields);
    scanTopLevel(Buffer.from('{"model":1,"model":2,"Model":3}'), fields, spans);
    scanTopLevel(Buffer.from('{"stream":true}'), fields, spans);
    expect(spans).toMatchObject({ duplicate: -1, lookAlike: -1, empty: false });
    expect(spans.has(MODEL)).toBe(false);
    expect([spans.keyStart(STREAM), spans.keyEnd(STREAM), spans.start(STREAM), spans.end(STREAM)]).toEqual([
      1, 9, 10, 14,
    ]);
    scanTopLevel(Buffer.from('{}'), fields, spans);
    scanTopLevel(Buffer.from('{"a":1}'), fields, spans);
    expect(spans.empty).toBe(false);
  });
});

describe('compileFields', () => {
  it('knows each name by its place', () => {
    expect(compileFields(['a', 'b']).index('b')).toBe(1);
  });

  it.each([
    [['a', 'a']],
    [['model', 'Model']],
    [['']],
    [['é']],
    [['a"b']],
    [['a\\b']],
    [['a\nb']],
    [['x'.repeat(65)]],
  ])('refuses %j at boot', (names) => {
    expect(() => compileFields(names)).toThrow(TypeError);
  });

  it('refuses the index of a name outside the set', () => {
    const set = compileFields<string>(['a']);
    expect(() => set.index('b')).toThrow(TypeError);
  });
});

describe('readString, readNumber and readBoolean', () => {
  it('read what JSON.parse reads from any value, or nothing where the type is another', () => {
    fc.assert(
      fc.property(valueText, (text) => {
        const bytes = Buffer.from(text);
        const value: unknown = JSON.parse(text);
        expect(readString(bytes, 0, bytes.length)).toBe(typeof value === 'string' ? value : undefined);
        expect(readNumber(bytes, 0, bytes.length)).toBe(typeof value === 'number' ? value : undefined);
        expect(readBoolean(bytes, 0, bytes.length)).toBe(typeof value === 'boolean' ? value : undefined);
      }),
      { numRuns: 1500 },
    );
  });

  it('read nothing from a missing field or from broken text', () => {
    const read = (text: string): unknown[] => {
      const bytes = Buffer.from(text);
      return [readString, readNumber, readBoolean].map((reader) => reader(bytes, 0, bytes.length));
    };
    const nothing = [undefined, undefined, undefined];
    for (const text of [
      '"a',
      '"',
      '""a"',
      '"\n"',
      '"\\x"',
      '01',
      '1_0',
      '-',
      '0x10',
      '1 2',
      'tru',
      'truefalse',
      'null',
      '',
      `"${'a'.repeat(80)}`,
    ]) {
      expect(read(text)).toEqual(nothing);
    }
    expect(readString(Buffer.from('"a"'), -1, -1)).toBeUndefined();
    expect(readNumber(Buffer.from('1'), -1, -1)).toBeUndefined();
    expect(readBoolean(Buffer.from('true'), -1, -1)).toBeUndefined();
  });
});
