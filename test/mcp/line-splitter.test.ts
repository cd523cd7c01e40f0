import fc from 'fast-check';
import { expect, it } from 'vitest';
import { LineSplitter } from '../../core/mcp/hub/line-splitter.js';

const MOST = 2000;

function split(bytes: Buffer, cuts: readonly number[]): string[] {
  const seen: string[] = [];
  const splitter = new LineSplitter(MOST, {
    line: (text) => seen.push(text),
    tooLong: (start, end) => seen.push(`LONG ${start.slice(0, 5)} ${end.slice(-5)}`),
  });
  let from = 0;
  for (const cut of [...cuts, bytes.length].map((at) => Math.min(at, bytes.length)).sort((a, b) => a - b)) {
    splitter.push(bytes.subarray(from, cut));
    from = cut;
  }
  return seen;
}

it('lines are the same wherever the bytes are cut, and long ones are told by their ends', () => {
  const line = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 60 }).map((text) => text.replace(/[\r\n]/g, '')),
    fc.integer({ min: MOST + 1, max: 3 * MOST }).map((length) => `start${'x'.repeat(length - 10)}finis`),
  );
  fc.assert(
    fc.property(
      fc.array(line, { maxLength: 8 }),
      fc.array(fc.nat(8 * MOST), { maxLength: 20 }),
      (lines, cuts) => {
        const bytes = Buffer.from(lines.map((text) => `${text}\n`).join(''));
        const wanted = lines.map((text) => (Buffer.byteLength(text) > MOST ? 'LONG start finis' : text));
        expect(split(bytes, cuts)).toEqual(wanted);
        expect(split(bytes, [])).toEqual(wanted);
      },
    ),
  );
});
