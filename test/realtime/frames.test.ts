import type { Socket } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { writeFrame } from '../../core/upstream/websocket-frame.js';
import { FrameWalk } from '../../core/upstream/websocket-walk.js';

/** A frame as RFC 6455, 5.2, has it; without a mask, as a server sends it. */
function serverFrame(opcode: number, fin: boolean, payload: Buffer): Buffer {
  const { length } = payload;
  const head = length < 126 ? Buffer.alloc(2) : Buffer.alloc(length < 65_536 ? 4 : 10);
  head[0] = (fin ? 0x80 : 0) | opcode;
  head[1] = length < 126 ? length : length < 65_536 ? 126 : 127;
  if (head.length === 4) head.writeUInt16BE(length, 2);
  if (head.length === 10) head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, payload]);
}

const payload = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc.constantFrom(125, 126, 127, 65_535, 65_536, 70_000).map((size) => new Uint8Array(size)),
);

describe('the walk through frames', () => {
  it('says for every way to cut a stream which pieces hold whole messages', () => {
    const one = fc.record({ opcode: fc.constantFrom(0, 1, 2, 8, 9, 10), fin: fc.boolean(), payload });
    fc.assert(
      fc.property(fc.array(one, { maxLength: 8 }), fc.infiniteStream(fc.nat(400)), (frames, cuts) => {
        const stream: Buffer[] = [];
        /** Offsets between messages. */
        const borders = new Set([0]);
        /** Offsets inside of frames that something of is kept. */
        const kept: [from: number, to: number][] = [];
        let at = 0;
        let within = false;
        for (const frame of frames) {
          // Frames that only steer are never in pieces.
          const fin = frame.fin || frame.opcode >= 8;
          const bytes = serverFrame(frame.opcode, fin, Buffer.from(frame.payload));
          stream.push(bytes);
          if (frame.opcode < 8) within = !fin;
          if (!fin || frame.opcode === 8) kept.push([at, at + bytes.length]);
          at += bytes.length;
          if (!within) borders.add(at);
        }
        const whole = Buffer.concat(stream);
        const walk = new FrameWalk();
        for (let from = 0; from < whole.length; ) {
          const to = Math.min(whole.length, from + (cuts.next().value as number) + 1);
          const touches = kept.some(([start, end]) => start < to && end > from);
          const wanted = borders.has(from) && borders.has(to) && !touches;
          expect(walk.holdsWholeMessages(whole.subarray(from, to))).toBe(wanted);
          from = to;
        }
      }),
    );
  });
});

/** Keeps what is written, and says only when told that it has left. */
class SlowSocket {
  readonly written: { bytes: Uint8Array; done?: () => void }[] = [];
  write(bytes: Uint8Array, done?: () => void): boolean {
    this.written.push(done === undefined ? { bytes } : { bytes, done });
    return false;
  }
}

function unmasked(frame: Uint8Array): { first: number; message: Buffer } {
  const bytes = Buffer.from(frame);
  const short = (bytes[1] as number) & 0x7f;
  const head = short < 126 ? 2 : short === 126 ? 4 : 10;
  const length = head === 2 ? short : head === 4 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  const mask = bytes.subarray(head, head + 4);
  const message = Buffer.from(bytes.subarray(head + 4));
  expect(message.length).toBe(length);
  expect((bytes[1] as number) & 0x80).toBe(0x80);
  for (let i = 0; i < message.length; i++) message[i] = (message[i] as number) ^ (mask[i & 3] as number);
  return { first: bytes[0] as number, message };
}

describe('a frame', () => {
  it('says what the message says, whatever else is on its way', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(payload, fc.boolean(), fc.boolean()), { maxLength: 30 }), (messages) => {
        const socket = new SlowSocket();
        const sent = new Set<number>();
        for (const [index, [bytes, binary, leaves]] of messages.entries()) {
          writeFrame(socket as unknown as Socket, Buffer.from(bytes), binary);
          if (!leaves) continue;
          // What has left may be written over by the next one.
          check(socket, messages, index);
          socket.written[index]?.done?.();
          sent.add(index);
        }
        for (const index of messages.keys()) if (!sent.has(index)) check(socket, messages, index);
      }),
      { numRuns: 50 },
    );
  });

  it('has a mask of its own', () => {
    const socket = new SlowSocket();
    for (let i = 0; i < 3_000; i++) writeFrame(socket as unknown as Socket, Buffer.alloc(1), true);
    const masks = new Set(
      socket.written.map(({ bytes }) => Buffer.from(bytes.subarray(2, 6)).readUInt32BE()),
    );
    expect(masks.size).toBeGreaterThan(2_990);
  });
});

function check(
  socket: SlowSocket,
  messages: readonly (readonly [Uint8Array, boolean, boolean])[],
  index: number,
): void {
  const [bytes, binary] = messages[index] as [Uint8Array, boolean, boolean];
  const { first, message } = unmasked((socket.written[index] as { bytes: Uint8Array }).bytes);
  expect(first).toBe(binary ? 0x82 : 0x81);
  expect(message.equals(Buffer.from(bytes))).toBe(true);
}
