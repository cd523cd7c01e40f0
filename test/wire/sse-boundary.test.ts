import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EventHold, lastEventEnd } from '../../core/wire/sse-boundary.js';
import { cuts, cutUp, lineEnd, streamText } from './chunking.js';
import { readEvents } from './sse-reference.js';

/** Forwards, a line end at a time: the end of the last one that follows another, and is not perhaps half a CR LF. */
function boundaryByReading(text: string): number {
  let boundary = 0;
  let previousEnd = -1;
  for (const { 0: eol, index } of text.matchAll(/\r\n|\r|\n/g)) {
    const end = index + eol.length;
    const undecided = eol === '\r' && end === text.length && text[index - 1] === '\n';
    if (index === previousEnd && !undecided) boundary = end;
    previousEnd = end;
  }
  return boundary;
}

const endings = fc.array(
  fc.oneof({ weight: 4, arbitrary: lineEnd }, { weight: 1, arbitrary: fc.constant('data: x') }),
  {
    maxLength: 12,
  },
);

describe('lastEventEnd', () => {
  it('finds the last blank line of any chunk', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          streamText,
          endings.map((parts) => parts.join('')),
        ),
        (text) => {
          const bytes = Buffer.from(text, 'latin1');
          expect(lastEventEnd(bytes)).toBe(boundaryByReading(bytes.toString('latin1')));
        },
      ),
      { numRuns: 3000 },
    );
  });

  it.each([
    ['data: a\n\n', 9],
    ['data: a\r\n\r\n', 11],
    ['data: a\r\r', 9],
    ['data: a\n\ndata: b\n', 9],
    ['data: a\r\n\r\ndata: b\r\n', 11],
    ['data: a\r\rdata: b\r', 9],
    ['data: a\n\rdata: b', 9],
    ['data: a\r\n', 0],
    ['data: a\r\n\r', 0],
    ['\n', 0],
    ['', 0],
  ])('in %j is %i', (text, end) => {
    expect(lastEventEnd(Buffer.from(text))).toBe(end);
    expect(lastEventEnd(new Uint8Array(Buffer.from(text)))).toBe(end);
  });
});

const INJECTED = 'event: error\ndata: injected\n\n';

/** What a reader of the bytes let out so far would see, should we now add an event of our own. */
function eventsWithOneAdded(bytes: Buffer): unknown[] {
  return readEvents(Buffer.concat([bytes, Buffer.from(INJECTED)]));
}

describe('EventHold', () => {
  it('lets out, of any stream cut anywhere, whole events only, as soon as they are whole', () => {
    fc.assert(
      fc.property(streamText, cuts, (stream, places) => {
        const bytes = Buffer.from(stream);
        const hold = new EventHold();
        let seen: Buffer = Buffer.alloc(0);
        let out: Buffer = Buffer.alloc(0);
        for (const piece of cutUp(bytes, places)) {
          seen = Buffer.concat([seen, piece]);
          out = Buffer.concat([out, hold.take(piece) ?? Buffer.alloc(0)]);
          expect(hold.midEvent).toBe(false);
          expect(out.equals(seen.subarray(0, out.length))).toBe(true);
          expect(readEvents(out)).toEqual(readEvents(seen.subarray(0, lastEventEnd(seen))));
          expect(eventsWithOneAdded(out)).toEqual([...readEvents(out), { event: 'error', data: 'injected' }]);
        }
        expect(Buffer.concat([out, hold.rest() ?? Buffer.alloc(0)]).equals(bytes)).toBe(true);
        expect(hold.rest()).toBeNull();
      }),
      { numRuns: 2000 },
    );
  });

  it('never holds more than its cap, loses nothing, and says truly when it is inside an event', () => {
    fc.assert(
      fc.property(streamText, fc.option(cuts), fc.integer({ min: 4, max: 30 }), (stream, some, cap) => {
        const bytes = Buffer.from(stream);
        const places = some ?? [...bytes.keys()];
        const hold = new EventHold(cap);
        let seen: Buffer = Buffer.alloc(0);
        let out: Buffer = Buffer.alloc(0);
        for (const piece of cutUp(bytes, places)) {
          seen = Buffer.concat([seen, piece]);
          out = Buffer.concat([out, hold.take(piece) ?? Buffer.alloc(0)]);
          expect(seen.length - out.length).toBeLessThanOrEqual(cap);
          if (lastEventEnd(seen) === seen.length && seen.length > 0) expect(hold.midEvent).toBe(false);
          if (!hold.midEvent) {
            expect(eventsWithOneAdded(out)).toEqual([
              ...readEvents(out),
              { event: 'error', data: 'injected' },
            ]);
          }
        }
        expect(Buffer.concat([out, hold.rest() ?? Buffer.alloc(0)]).equals(bytes)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it('passes a chunk of whole events on as it is', () => {
    const hold = new EventHold();
    const chunk = Buffer.from('data: a\n\ndata: b\n\n');
    expect(hold.take(chunk)).toBe(chunk);
  });

  it('passes the whole events at the start of a chunk on without a copy, and holds the rest', () => {
    const hold = new EventHold();
    const chunk = Buffer.from('data: a\n\ndata: b');
    const out = hold.take(chunk);
    expect(out?.toString()).toBe('data: a\n\n');
    expect(out?.buffer).toBe(chunk.buffer);
    expect(hold.take(Buffer.from('b\n'))).toBeNull();
    expect(hold.take(Buffer.from('\ndata: c'))?.toString()).toBe('data: bb\n\n');
    expect(hold.rest()?.toString()).toBe('data: c');
  });

  it('finds a boundary cut at any of its bytes', () => {
    for (const eol of ['\n', '\r\n', '\r']) {
      const stream = Buffer.from(`data: a${eol}${eol}data: b${eol}${eol}`);
      for (let cut = 0; cut <= stream.length; cut++) {
        const hold = new EventHold();
        const out = cutUp(stream, [cut]).map((piece) => hold.take(piece)?.toString() ?? '');
        expect(out.join('')).toBe(stream.toString());
      }
    }
  });

  it('waits after CR LF CR for the LF', () => {
    const hold = new EventHold();
    expect(hold.take(Buffer.from('data: a\r\n\r'))).toBeNull();
    expect(hold.take(Buffer.from('\n'))?.toString()).toBe('data: a\r\n\r\n');
  });

  it('does not hold what a caller may overwrite', () => {
    const hold = new EventHold();
    const chunk = Buffer.from('data: a\n');
    hold.take(chunk);
    chunk.fill(0);
    expect(hold.take(Buffer.from('\n'))?.toString()).toBe('data: a\n\n');
  });

  it('gives out bytes that later chunks do not change', () => {
    const hold = new EventHold();
    hold.take(Buffer.from('data: a'));
    const out = hold.take(Buffer.from('\n\n'));
    hold.take(Buffer.from('data: bbbbbbbb'));
    expect(out?.toString()).toBe('data: a\n\n');
  });

  it('lets an event beyond the cap through in pieces until its boundary', () => {
    const hold = new EventHold(10);
    expect(hold.take(Buffer.from('data: abc'))).toBeNull();
    expect(hold.take(Buffer.from('def'))?.toString()).toBe('data: abcdef');
    expect(hold.midEvent).toBe(true);
    expect(hold.take(Buffer.from('ghi\r\n\r'))?.toString()).toBe('ghi\r\n\r');
    expect(hold.midEvent).toBe(true);
    expect(hold.take(Buffer.from('\ndata:'))?.toString()).toBe('\n');
    expect(hold.midEvent).toBe(false);
    expect(hold.rest()?.toString()).toBe('data:');
  });

  it('lets line ends between events through, which some servers send to keep a connection alive', () => {
    const hold = new EventHold();
    expect(hold.take(Buffer.from('\n'))?.toString()).toBe('\n');
    expect(hold.take(Buffer.from('data: a\n\n'))?.toString()).toBe('data: a\n\n');
    expect(hold.take(Buffer.from('\r\n'))?.toString()).toBe('\r\n');
  });
});
