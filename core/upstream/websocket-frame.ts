import { randomFillSync } from 'node:crypto';
import type { Socket } from 'node:net';

const TEXT = 0x81;
const BINARY = 0x82;
const MASKED = 0x80;
/** Longest head: two bytes, eight of length, four of the mask. */
const HEAD = 14;

/** Sizes of the buffers that are used again and again, and how many of each are kept for a thread. */
const CLASSES = [
  { size: 8 * 1024, most: 256 },
  { size: 64 * 1024, most: 32 },
];

/** Memory for one frame on its way. It is nobody else's until the socket has written it. */
class FrameBuffer {
  readonly bytes: Buffer;
  readonly giveBack = (): void => {
    if (this.idle.length < this.most) this.idle.push(this);
  };

  constructor(
    size: number,
    private readonly idle: FrameBuffer[],
    private readonly most: number,
  ) {
    this.bytes = Buffer.allocUnsafeSlow(size);
  }
}

const idle: FrameBuffer[][] = CLASSES.map(() => []);

const masks = Buffer.allocUnsafeSlow(8 * 1024);
let nextMask = masks.length;

/**
 * Writes a message as one frame of a client. The memory of frames is used again once they are written: what is made for
 * each would be memory outside the heap at the rate of all traffic, and a full garbage collection for every 64 MB of it.
 */
export function writeFrame(socket: Socket, message: Buffer, binary: boolean): void {
  const size = HEAD + message.length;
  const at = CLASSES.findIndex((one) => size <= one.size);
  if (at < 0) {
    const bytes = Buffer.allocUnsafe(size);
    socket.write(bytes.subarray(0, frame(bytes, message, binary)));
    return;
  }
  const free = idle[at] as FrameBuffer[];
  const { size: room, most } = CLASSES[at] as (typeof CLASSES)[number];
  const buffer = free.pop() ?? new FrameBuffer(room, free, most);
  socket.write(buffer.bytes.subarray(0, frame(buffer.bytes, message, binary)), buffer.giveBack);
}

/** The frame's length. */
function frame(out: Buffer, message: Buffer, binary: boolean): number {
  const { length } = message;
  out[0] = binary ? BINARY : TEXT;
  let at = 2;
  if (length < 126) out[1] = MASKED | length;
  else if (length < 65_536) {
    out[1] = MASKED | 126;
    out.writeUInt16BE(length, 2);
    at = 4;
  } else {
    out[1] = MASKED | 127;
    out.writeUInt32BE(Math.floor(length / 2 ** 32), 2);
    out.writeUInt32BE(length >>> 0, 6);
    at = 10;
  }
  if (nextMask === masks.length) {
    randomFillSync(masks);
    nextMask = 0;
  }
  const a = masks[nextMask] as number;
  const b = masks[nextMask + 1] as number;
  const c = masks[nextMask + 2] as number;
  const d = masks[nextMask + 3] as number;
  nextMask += 4;
  out[at++] = a;
  out[at++] = b;
  out[at++] = c;
  out[at++] = d;
  let i = 0;
  for (; i + 3 < length; i += 4, at += 4) {
    out[at] = (message[i] as number) ^ a;
    out[at + 1] = (message[i + 1] as number) ^ b;
    out[at + 2] = (message[i + 2] as number) ^ c;
    out[at + 3] = (message[i + 3] as number) ^ d;
  }
  if (i < length) out[at++] = (message[i] as number) ^ a;
  if (i + 1 < length) out[at++] = (message[i + 1] as number) ^ b;
  if (i + 2 < length) out[at++] = (message[i + 2] as number) ^ c;
  return at;
}
