import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MessageHold } from '../../core/wire/aws-boundary.js';
import { joined, sample, samples } from './aws-messages.js';
import { cuts, cutUp } from './chunking.js';

/** The bytes of the messages that are whole within the first `seen` bytes. */
function wholeWithin(lengths: readonly number[], seen: number): number {
  let end = 0;
  for (const length of lengths) {
    if (end + length > seen) break;
    end += length;
  }
  return end;
}

describe('MessageHold', () => {
  it('lets out, of any stream cut anywhere, whole messages only, as soon as they are whole', () => {
    fc.assert(
      fc.property(samples, fc.option(cuts), fc.nat(20), (all, some, short) => {
        const whole = joined(all);
        const bytes = whole.subarray(0, Math.max(0, whole.length - short));
        const lengths = all.map((one) => one.bytes.length);
        const hold = new MessageHold();
        let seen = 0;
        let out: Buffer = Buffer.alloc(0);
        for (const piece of cutUp(bytes, some ?? [...bytes.keys()])) {
          seen += piece.length;
          out = Buffer.concat([out, hold.take(piece) ?? Buffer.alloc(0)]);
          expect(hold.midEvent).toBe(false);
          expect(out.length).toBe(wholeWithin(lengths, seen));
        }
        expect(Buffer.concat([out, hold.rest() ?? Buffer.alloc(0)]).equals(bytes)).toBe(true);
        expect(hold.rest()).toBeNull();
      }),
      { numRuns: 200 },
    );
  });

  it('never holds more than its cap, loses nothing, and says truly when it is inside a message', () => {
    fc.assert(
      fc.property(samples, fc.option(cuts), fc.integer({ min: 12, max: 160 }), (all, some, cap) => {
        const bytes = joined(all);
        const lengths = all.map((one) => one.bytes.length);
        const hold = new MessageHold(cap);
        let seen = 0;
        let out: Buffer = Buffer.alloc(0);
        for (const piece of cutUp(bytes, some ?? [...bytes.keys()])) {
          seen += piece.length;
          out = Buffer.concat([out, hold.take(piece) ?? Buffer.alloc(0)]);
          expect(seen - out.length).toBeLessThanOrEqual(cap);
          const boundary = wholeWithin(lengths, out.length) === out.length;
          expect(hold.midEvent).toBe(!boundary);
        }
        expect(Buffer.concat([out, hold.rest() ?? Buffer.alloc(0)]).equals(bytes)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  it('lets everything through once the bytes are no messages, and changes none of them', () => {
    fc.assert(
      fc.property(samples, fc.uint8Array({ minLength: 12, maxLength: 60 }), cuts, (all, noise, places) => {
        const bytes = Buffer.concat([joined(all), noise]);
        const hold = new MessageHold();
        const out = cutUp(bytes, places).map((piece) => hold.take(piece) ?? Buffer.alloc(0));
        expect(hold.midEvent).toBe(true);
        expect(Buffer.concat([...out, hold.rest() ?? Buffer.alloc(0)]).equals(bytes)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('passes a chunk of whole messages on as it is, and the whole ones of a chunk without a copy', () => {
    const { bytes } = sample('event', 'a', '{}');
    const hold = new MessageHold();
    const two = Buffer.concat([bytes, bytes]);
    expect(hold.take(two)).toBe(two);
    const more = Buffer.concat([bytes, bytes.subarray(0, 20)]);
    const out = hold.take(more);
    expect(out?.equals(bytes)).toBe(true);
    expect(out?.buffer).toBe(more.buffer);
    expect(hold.take(bytes.subarray(20))?.equals(bytes)).toBe(true);
  });

  it('does not hold what a caller may overwrite', () => {
    const { bytes } = sample('event', 'a', '{"x":1}');
    const hold = new MessageHold();
    const chunk = Buffer.from(bytes.subarray(0, 30));
    expect(hold.take(chunk)).toBeNull();
    chunk.fill(0);
    expect(hold.take(bytes.subarray(30))?.equals(bytes)).toBe(true);
  });
});
