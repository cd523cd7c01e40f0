import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { NdjsonLineTooLarge, NdjsonSplitter } from '../../core/wire/ndjson-split.js';
import { cuts, cutUp } from './chunking.js';
import { lineText, readLines } from './ndjson-lines.js';

function split(pieces: readonly Uint8Array[], maxLineBytes?: number): string[] {
  const lines: string[] = [];
  const limits = maxLineBytes === undefined ? {} : { maxLineBytes };
  const splitter = new NdjsonSplitter((event, line) => {
    expect(event).toBe('');
    lines.push(line);
  }, limits);
  for (const piece of pieces) splitter.push(piece);
  splitter.end();
  return lines;
}

const text = (...pieces: string[]): Buffer[] => pieces.map((piece) => Buffer.from(piece));

describe('NdjsonSplitter', () => {
  it('reads any stream of lines, cut anywhere', () => {
    fc.assert(
      fc.property(lineText, cuts, (stream, places) => {
        const bytes = Buffer.from(stream);
        expect(split(cutUp(bytes, places))).toEqual(readLines(bytes));
      }),
      { numRuns: 2000 },
    );
  });

  it('reads a stream the same byte by byte as in one piece', () => {
    fc.assert(
      fc.property(lineText, (stream) => {
        const bytes = Buffer.from(stream);
        expect(split([...bytes].map((byte) => Uint8Array.of(byte)))).toEqual(split([bytes]));
      }),
    );
  });

  it('survives arbitrary bytes, cut anywhere', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), cuts, (bytes, places) => {
        expect(split(cutUp(Buffer.from(bytes), places))).toEqual(readLines(bytes));
      }),
    );
  });

  it('reads back every JSON document that was written a line each', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), cuts, fc.constantFrom('\n', '\r\n'), (values, places, eol) => {
        const bytes = Buffer.from(values.map((value) => JSON.stringify(value) + eol).join(''));
        expect(split(cutUp(bytes, places)).map((line) => JSON.parse(line))).toEqual(
          values.map((value) => JSON.parse(JSON.stringify(value))),
        );
      }),
    );
  });

  it('delivers a line as soon as its end is there', () => {
    const onLine = vi.fn();
    const splitter = new NdjsonSplitter(onLine);
    splitter.push(Buffer.from('{"done":true}'));
    expect(onLine).not.toHaveBeenCalled();
    splitter.push(Buffer.from('\n'));
    expect(onLine.mock.calls).toEqual([['', '{"done":true}']]);
  });

  it('delivers a last line that lacks its end', () => {
    expect(split(text('{"a":1}\n{"a"', ':2}'))).toEqual(['{"a":1}', '{"a":2}']);
    expect(split(text('{"a":1}\r\n{"a":2}\r'))).toEqual(['{"a":1}', '{"a":2}']);
  });

  it('reads over blank lines and a byte order mark at the start', () => {
    expect(split(text('\ufeff{"a":1}\n\n \t\r\n\r\n{"a":2}\n'))).toEqual(['{"a":1}', '{"a":2}']);
    expect(split(text('\ufeff\n{"a":1}'))).toEqual(['{"a":1}']);
  });

  it('does not look at a chunk again after push has returned', () => {
    const lines: string[] = [];
    const splitter = new NdjsonSplitter((_, line) => lines.push(line));
    const chunk = Buffer.from('{"kept":1');
    splitter.push(chunk);
    chunk.fill(0);
    splitter.push(Buffer.from('}\n'));
    expect(lines).toEqual(['{"kept":1}']);
  });

  it('keeps nothing back from a chunk of whole lines', () => {
    const room = vi.spyOn(Buffer, 'allocUnsafeSlow');
    expect(split(text('1\n2\n'))).toHaveLength(2);
    expect(room).not.toHaveBeenCalled();
    room.mockRestore();
  });

  it('refuses a line that outgrows the limit before its end has come', () => {
    const splitter = new NdjsonSplitter(() => {}, { maxLineBytes: 100 });
    splitter.push(Buffer.alloc(60, 'x'));
    expect(() => splitter.push(Buffer.alloc(60, 'x'))).toThrow(NdjsonLineTooLarge);
  });

  it('draws the limit at the same length wherever the line is cut and however it ends', () => {
    for (const eol of ['\n', '\r\n'])
      for (let cut = 0; cut <= 12; cut++) {
        const at = (length: number): Buffer[] => cutUp(Buffer.from(`${'1'.repeat(length)}${eol}2`), [cut]);
        expect(split(at(10), 10)).toHaveLength(2);
        expect(() => split(at(11), 10)).toThrow('the stream has a line of more than 10 bytes');
      }
  });

  it('counts the limit for each line anew', () => {
    expect(split(text(`${'1'.repeat(80)}\n`.repeat(20)), 100)).toHaveLength(20);
  });
});
