import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  EventStreamDamaged,
  EventStreamMessageTooLarge,
  EventStreamReader,
} from '../../core/wire/aws-eventstream.js';
import { eventMessage, exceptionMessage } from '../../plugins/formats/shared/eventstream-write.js';
import { joined, referenceMessage, sample, samples, stringHeader } from './aws-messages.js';
import { cuts, cutUp } from './chunking.js';

interface Read {
  event: string;
  data: string;
}

function read(pieces: readonly Uint8Array[], maxMessageBytes?: number): Read[] {
  const events: Read[] = [];
  const limits = maxMessageBytes === undefined ? {} : { maxMessageBytes };
  const reader = new EventStreamReader((event, data) => events.push({ event, data }), limits);
  for (const piece of pieces) reader.push(piece);
  reader.end();
  return events;
}

describe('EventStreamReader', () => {
  it('reads any messages, with headers of every type, cut anywhere', () => {
    fc.assert(
      fc.property(samples, cuts, (all, places) => {
        expect(read(cutUp(joined(all), places))).toEqual(all.map(({ event, data }) => ({ event, data })));
      }),
      { numRuns: 300 },
    );
  });

  it('reads them the same byte by byte', () => {
    fc.assert(
      fc.property(samples, (all) => {
        const bytes = joined(all);
        expect(read([...bytes].map((byte) => Uint8Array.of(byte)))).toEqual(read([bytes]));
      }),
      { numRuns: 200 },
    );
  });

  it('reads back what the writer wrote', () => {
    const kind = fc.constantFrom(true, false);
    fc.assert(
      fc.property(fc.array(fc.tuple(kind, fc.string({ unit: 'grapheme' }))), cuts, (all, places) => {
        const bytes = all.map(([event, data]) =>
          event ? eventMessage('metadata', data) : exceptionMessage('validationException', data),
        );
        expect(read(cutUp(Buffer.concat(bytes), places))).toEqual(
          all.map(([event, data]) => ({ event: event ? 'metadata' : 'exception:validationException', data })),
        );
      }),
    );
  });

  it('writes as the reference does', () => {
    for (const data of ['', '{"a":"é漢😀"}'])
      expect(eventMessage('metadata', data).equals(sample('event', 'metadata', data).bytes)).toBe(true);
  });

  it('tells an error of the service, whose message is a header', () => {
    const bytes = referenceMessage(
      [
        stringHeader(':message-type', 'error'),
        stringHeader(':error-code', 'InternalFailure'),
        stringHeader(':error-message', 'it "broke"'),
      ],
      Buffer.alloc(0),
    );
    expect(read([bytes, bytes])).toEqual(
      Array(2).fill({ event: 'exception:InternalFailure', data: '{"message":"it \\"broke\\""}' }),
    );
  });

  it('has no type for a message without headers', () => {
    expect(read([referenceMessage([], Buffer.from('x'))])).toEqual([{ event: '', data: 'x' }]);
  });

  it('delivers a message as soon as it is whole', () => {
    const { bytes } = sample('event', 'a', '{}');
    const events: string[] = [];
    const reader = new EventStreamReader((event) => events.push(event));
    reader.push(bytes.subarray(0, -1));
    expect(events).toEqual([]);
    reader.push(bytes.subarray(-1));
    expect(events).toEqual(['a']);
  });

  it('does not look at a chunk again after push has returned', () => {
    const { bytes } = sample('event', 'a', '{"kept":true}');
    const events: string[] = [];
    const reader = new EventStreamReader((_, data) => events.push(data));
    const chunk = Buffer.from(bytes.subarray(0, -3));
    reader.push(chunk);
    chunk.fill(0);
    reader.push(bytes.subarray(-3));
    reader.push(bytes);
    expect(events).toEqual(['{"kept":true}', '{"kept":true}']);
  });

  it('refuses a stream with any bit turned, after the messages before it', () => {
    const first = sample('event', 'first', '{}');
    fc.assert(
      fc.property(samples, fc.nat(), fc.nat(7), cuts, (all, pick, bit, places) => {
        const bytes = joined([first, ...all, first]);
        const at = first.bytes.length + (pick % (bytes.length - first.bytes.length));
        bytes[at] = (bytes[at] as number) ^ (1 << bit);
        const events: string[] = [];
        const reader = new EventStreamReader((event) => events.push(event));
        expect(() => {
          for (const piece of cutUp(bytes, places)) reader.push(piece);
          reader.end();
        }).toThrow(EventStreamDamaged);
        expect(events[0]).toBe('first');
        expect(events.length).toBeLessThan(all.length + 2);
      }),
      { numRuns: 200 },
    );
  });

  it('survives arbitrary bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), cuts, (bytes, places) => {
        expect(() => read(cutUp(Buffer.from(bytes), places))).toThrow(EventStreamDamaged);
      }),
    );
  });

  it('refuses headers that do not end where they should, though the checksums are right', () => {
    const cases = [
      { name: '', type: 7, value: [] },
      { name: 'a', type: 10, value: [] },
      { name: 'a', type: 5, value: [1, 2, 3] },
      { name: 'a', type: 9, value: [] },
    ];
    for (const header of cases)
      expect(() => read([referenceMessage([header], Buffer.alloc(0))])).toThrow(EventStreamDamaged);
  });

  it('tells a stream that ends in the middle of a message', () => {
    const { bytes } = sample('event', 'a', '{}');
    for (const end of [1, 11, 12, 20, bytes.length - 1])
      expect(() => read([bytes.subarray(0, end)])).toThrow('ends in the middle of a message');
    expect(read([])).toEqual([]);
  });

  it('refuses a message beyond the limit by its prelude, before it has come', () => {
    const { bytes } = sample('event', 'a', 'x'.repeat(1000));
    expect(read([bytes], bytes.length)).toHaveLength(1);
    const reader = new EventStreamReader(() => {}, { maxMessageBytes: bytes.length - 1 });
    expect(() => reader.push(bytes.subarray(0, 12))).toThrow(EventStreamMessageTooLarge);
  });
});
