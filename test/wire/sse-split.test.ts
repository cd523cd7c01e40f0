import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { SseEventTooLarge, SseSplitter } from '../../core/wire/sse-split.js';
import { sseData, sseEvent } from '../../core/wire/sse-write.js';
import { cuts, cutUp, streamText } from './chunking.js';
import { type ReferenceEvent, readEvents } from './sse-reference.js';

function split(pieces: readonly Uint8Array[], maxEventBytes?: number): ReferenceEvent[] {
  const events: ReferenceEvent[] = [];
  const limits = maxEventBytes === undefined ? {} : { maxEventBytes };
  const splitter = new SseSplitter((event, data) => events.push({ event, data }), limits);
  for (const piece of pieces) splitter.push(piece);
  splitter.end();
  return events;
}

const text = (...pieces: string[]): Buffer[] => pieces.map((piece) => Buffer.from(piece));

describe('SseSplitter', () => {
  it('reads any stream, cut anywhere, as the standard does', () => {
    fc.assert(
      fc.property(streamText, cuts, (stream, places) => {
        const bytes = Buffer.from(stream);
        expect(split(cutUp(bytes, places))).toEqual(readEvents(bytes));
      }),
      { numRuns: 2000 },
    );
  });

  it('reads a stream the same byte by byte as in one piece', () => {
    fc.assert(
      fc.property(streamText, (stream) => {
        const bytes = Buffer.from(stream);
        expect(split([...bytes].map((byte) => Uint8Array.of(byte)))).toEqual(split([bytes]));
      }),
    );
  });

  it('survives arbitrary bytes, cut anywhere', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), cuts, (bytes, places) => {
        expect(split(cutUp(Buffer.from(bytes), places))).toEqual(readEvents(bytes));
      }),
    );
  });

  it('reads back what the writer wrote', () => {
    const lines = fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.string({ unit: 'grapheme-ascii' }), lines)),
        cuts,
        (events, places) => {
          const expected = events.map(([event, data]) => ({ event, data: data.join('\n') }));
          const bytes = Buffer.from(expected.map(({ event, data }) => sseEvent(event, data)).join(''));
          expect(split(cutUp(bytes, places))).toEqual(expected);
        },
      ),
    );
  });

  it('delivers an event as soon as its blank line is there', () => {
    const onEvent = vi.fn();
    const splitter = new SseSplitter(onEvent);
    splitter.push(Buffer.from('event: ping\ndata: {}\n'));
    expect(onEvent).not.toHaveBeenCalled();
    splitter.push(Buffer.from('\n'));
    expect(onEvent.mock.calls).toEqual([['ping', '{}']]);
    splitter.push(Buffer.from('data: [DONE]\r\r'));
    expect(onEvent.mock.calls[1]).toEqual(['', '[DONE]']);
  });

  it('delivers a last event that lacks its blank line or even its line end', () => {
    expect(split(text('data: a\n\ndata: b\n'))).toEqual([
      { event: '', data: 'a' },
      { event: '', data: 'b' },
    ]);
    expect(split(text('data: a\n\nevent: e\nda', 'ta: b'))).toEqual([
      { event: '', data: 'a' },
      { event: 'e', data: 'b' },
    ]);
  });

  it('delivers nothing for comments, unknown fields and events without data', () => {
    expect(split(text(': OPENROUTER PROCESSING\n\nevent: x\nid: 1\nretry: 3\nfoo: 1\n\n:\n'))).toEqual([]);
  });

  it('takes off one space after the colon and no more', () => {
    expect(split(text('data:  two\ndata:none\ndata:\tt\n\n'))).toEqual([
      { event: '', data: ' two\nnone\n\tt' },
    ]);
  });

  it('takes a line end that is cut between CR and LF for one', () => {
    expect(split(text('data: a\r', '\ndata: b\r', '\n\r', '\ndata: c\r', '\n\r', '\n'))).toEqual([
      { event: '', data: 'a\nb' },
      { event: '', data: 'c' },
    ]);
  });

  it('reads over a byte order mark at the start only', () => {
    expect(split(text('\ufeffdata: a\n\n', '\ufeffdata: b\n\n'))).toEqual([{ event: '', data: 'a' }]);
  });

  it('does not look at a chunk again after push has returned', () => {
    const events: string[] = [];
    const splitter = new SseSplitter((_, data) => events.push(data));
    const chunk = Buffer.from('data: "kept"');
    splitter.push(chunk);
    chunk.fill(0);
    splitter.push(Buffer.from('\n\n'));
    expect(events).toEqual(['"kept"']);
  });

  it('keeps nothing back from a chunk of whole events', () => {
    const room = vi.spyOn(Buffer, 'allocUnsafeSlow');
    expect(split(text(sseData('1') + sseData('2')))).toHaveLength(2);
    expect(room).not.toHaveBeenCalled();
    room.mockRestore();
  });

  it('reads a line of 10 MB that comes in small chunks, and makes room for it a few times only', () => {
    const data = 'x'.repeat(10 * 1024 * 1024);
    const bytes = Buffer.from(sseData(data));
    const pieces: Buffer[] = [];
    for (let at = 0; at < bytes.length; at += 16 * 1024) pieces.push(bytes.subarray(at, at + 16 * 1024));
    const room = vi.spyOn(Buffer, 'allocUnsafeSlow');
    const events = split(pieces);
    const taken = room.mock.calls.reduce((sum, [size]) => sum + size, 0);
    room.mockRestore();
    expect(events.length).toBe(1);
    expect(events[0]?.data === data).toBe(true);
    expect(taken).toBeLessThan(4 * bytes.length);
  });

  it('refuses a line that outgrows the limit before its end has come', () => {
    const splitter = new SseSplitter(() => {}, { maxEventBytes: 100 });
    splitter.push(Buffer.alloc(60, 'x'));
    expect(() => splitter.push(Buffer.alloc(60, 'x'))).toThrow(SseEventTooLarge);
    expect(() => split(text(':'.repeat(120)), 100)).toThrow(
      'the event stream has an event of more than 100 bytes',
    );
  });

  it('refuses an event that outgrows the limit line by line, however short the lines', () => {
    const lines = text(...Array.from({ length: 30 }, () => 'data: abc\n'));
    expect(split(lines, 120)).toHaveLength(1);
    expect(() => split(lines, 119)).toThrow(SseEventTooLarge);
    expect(() => split(text('data\n'.repeat(101)), 100)).toThrow(SseEventTooLarge);
  });

  it('counts the limit for each event anew', () => {
    expect(split(text(sseData('x'.repeat(80)).repeat(20)), 100)).toHaveLength(20);
  });
});

describe('sseData and sseEvent', () => {
  it('write one event with its blank line', () => {
    expect(sseData('{"a":1}')).toBe('data: {"a":1}\n\n');
    expect(sseEvent('message_stop', '{}')).toBe('event: message_stop\ndata: {}\n\n');
  });

  it('write a data line for every line of the text', () => {
    expect(sseData('a\nb\r\nc\r\rd')).toBe('data: a\ndata: b\ndata: c\ndata: \ndata: d\n\n');
  });

  it('refuse a type that would forge fields', () => {
    expect(() => sseEvent('x\ndata: forged', '{}')).toThrow(TypeError);
    expect(() => sseEvent('x\r', '{}')).toThrow(TypeError);
  });
});
