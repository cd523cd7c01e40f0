import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineHold, lastLineEnd } from '../../core/wire/ndjson-boundary.js';
import { cuts, cutUp } from './chunking.js';
import { lineText, readLines } from './ndjson-lines.js';

const INJECTED = '{"error":"injected"}';

/** What a reader of the bytes let out so far would see, should we now add a line of our own. */
function linesWithOneAdded(bytes: Buffer): string[] {
  return readLines(Buffer.concat([bytes, Buffer.from(`${INJECTED}\n`)]));
}

describe('lastLineEnd', () => {
  it.each([
    ['', 0],
    ['{}', 0],
    ['{}\n', 3],
    ['{}\r\n[]', 4],
    ['{}\r', 0],
    ['1\n2\n3', 4],
  ])('in %j is %i', (line, end) => {
    expect(lastLineEnd(Buffer.from(line))).toBe(end);
    expect(lastLineEnd(new Uint8Array(Buffer.from(line)))).toBe(end);
  });
});

describe('LineHold', () => {
  it('lets out, of any stream cut anywhere, whole lines only, as soon as they are whole', () => {
    fc.assert(
      fc.property(lineText, cuts, (stream, places) => {
        const bytes = Buffer.from(stream);
        const hold = new LineHold();
        let seen: Buffer = Buffer.alloc(0);
        let out: Buffer = Buffer.alloc(0);
        for (const piece of cutUp(bytes, places)) {
          seen = Buffer.concat([seen, piece]);
          out = Buffer.concat([out, hold.take(piece) ?? Buffer.alloc(0)]);
          expect(hold.midEvent).toBe(false);
          expect(out.equals(seen.subarray(0, lastLineEnd(seen)))).toBe(true);
          expect(linesWithOneAdded(out)).toEqual([...readLines(out), INJECTED]);
        }
        expect(Buffer.concat([out, hold.rest() ?? Buffer.alloc(0)]).equals(bytes)).toBe(true);
        expect(hold.rest()).toBeNull();
      }),
      { numRuns: 2000 },
    );
  });

  it('never holds more than its cap, loses nothing, and says truly when it is inside a line', () => {
    fc.assert(
      fc.property(lineText, cuts, fc.integer({ min: 1, max: 30 }), (stream, places, cap) => {
        const bytes = Buffer.from(stream);
        const hold = new LineHold(cap);
        let seen: Buffer = Buffer.alloc(0);
        let out: Buffer = Buffer.alloc(0);
        for (const piece of cutUp(bytes, places)) {
          seen = Buffer.concat([seen, piece]);
          out = Buffer.concat([out, hold.take(piece) ?? Buffer.alloc(0)]);
          expect(seen.length - out.length).toBeLessThanOrEqual(cap);
          expect(hold.midEvent).toBe(lastLineEnd(out) !== out.length);
        }
        expect(Buffer.concat([out, hold.rest() ?? Buffer.alloc(0)]).equals(bytes)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it('passes a chunk of whole lines on as it is, and the whole lines at the start of one without a copy', () => {
    const hold = new LineHold();
    const chunk = Buffer.from('1\n2\n');
    expect(hold.take(chunk)).toBe(chunk);
    const more = Buffer.from('3\n4');
    const out = hold.take(more);
    expect(out?.toString()).toBe('3\n');
    expect(out?.buffer).toBe(more.buffer);
    expect(hold.take(Buffer.from('4'))).toBeNull();
    expect(hold.take(Buffer.from('\n5'))?.toString()).toBe('44\n');
    expect(hold.rest()?.toString()).toBe('5');
  });

  it('does not hold what a caller may overwrite, and gives out bytes that later chunks do not change', () => {
    const hold = new LineHold();
    const chunk = Buffer.from('abc');
    hold.take(chunk);
    chunk.fill(0);
    const out = hold.take(Buffer.from('\n'));
    hold.take(Buffer.from('defg'));
    expect(out?.toString()).toBe('abc\n');
  });

  it('lets a line beyond the cap through in pieces until its end', () => {
    const hold = new LineHold(4);
    expect(hold.take(Buffer.from('abc'))).toBeNull();
    expect(hold.take(Buffer.from('de'))?.toString()).toBe('abcde');
    expect(hold.midEvent).toBe(true);
    expect(hold.take(Buffer.from('f'))?.toString()).toBe('f');
    expect(hold.take(Buffer.from('\ng'))?.toString()).toBe('\n');
    expect(hold.midEvent).toBe(false);
    expect(hold.rest()?.toString()).toBe('g');
  });
});
