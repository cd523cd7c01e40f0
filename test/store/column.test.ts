import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bodyBytes, Column, type ColumnHead } from '../../core/store/column.js';
import { ColumnWriter, plain } from '../../core/store/column-writer.js';

type Write = (to: ColumnWriter, rows: readonly unknown[]) => ColumnHead;

const itself = (row: unknown): unknown => row;
const whole: Write = (to, rows) => to.numbers(rows, itself, 1);
const words: Write = (to, rows) => to.words(rows, itself);
const texts: Write = (to, rows) => to.texts(rows, itself);
const anything: Write = (_, rows) => plain(rows, itself);

const integer = fc.oneof(
  fc.nat({ max: 255 }),
  fc.integer(),
  fc.integer({ min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER }),
);
// Half a pair of UTF-16 is nothing that bytes could hold.
const text = fc.string({ unit: 'grapheme', maxLength: 300 });

/** Writes the columns into one body, one behind the other, and reads them back. */
function roundTrip(columns: readonly { write: Write; rows: readonly unknown[] }[]): Column[] {
  const writer = new ColumnWriter();
  writer.start();
  const heads = columns.map(({ write, rows }) => write(writer, rows));
  const bytes = new Uint8Array(writer.bodyBytes);
  writer.copyBody(bytes, 0);
  let offset = 0;
  return heads.map((head, i) => {
    const count = columns[i]!.rows.length;
    const column = Column.open(head, count, bytes, offset);
    offset += bodyBytes(head, count);
    return column;
  });
}

const column = fc.oneof(
  fc.record({ write: fc.constant(whole), rows: fc.array(fc.option(integer), { maxLength: 40 }) }),
  fc.record({
    write: fc.constant(whole),
    rows: fc.array(
      fc.double().map((n) => n || 0),
      { maxLength: 40 },
    ),
  }),
  fc.record({
    write: fc.constant(words),
    rows: fc.array(fc.oneof(fc.constantFrom('a', 'b', null, true), text), { maxLength: 400 }),
  }),
  fc.record({ write: fc.constant(texts), rows: fc.array(text, { maxLength: 40 }) }),
  fc.record({ write: fc.constant(anything), rows: fc.array(fc.array(text), { maxLength: 10 }) }),
);

test('columns of all kinds come back as they were, and know which values they may have', () => {
  fc.assert(
    fc.property(fc.array(column, { maxLength: 6 }), (columns) => {
      for (const [i, read] of roundTrip(columns).entries()) {
        const { rows } = columns[i]!;
        expect(rows.map((_, row) => read.at(row))).toEqual(rows);
        for (const value of rows) if (!Array.isArray(value)) expect(read.mayHave(value)).toBe(true);
      }
    }),
    { numRuns: 300 },
  );
});

test.each([
  ['one value for all', words, ['a', 'a'], 'b'],
  ['few values', words, ['a', 'b', 'a'], 'c'],
  ['many values', texts, ['abc', 'bcd'], 'dab'],
  ['numbers above', whole, [5, 6], 1000],
  ['numbers below', whole, [5, 6], 4],
])('a value that is in no row is known without looking: %s', (_, write, rows, value) => {
  expect(roundTrip([{ write, rows }])[0]!.mayHave(value)).toBe(false);
});

test.each([
  ['a byte', [0, 254], 1],
  ['two bytes', [0, 255], 2],
  ['four bytes', [0, 65_535], 4],
  ['a double', [0, 2 ** 32], 8],
])('numbers that are %s apart take no more than that', (_, rows, width) => {
  const writer = new ColumnWriter();
  writer.start();
  writer.numbers(rows, itself, 1);
  expect(writer.bodyBytes).toBe(width * 2);
});
