/** A WebSocket client that does as little as it can: it sends prepared frames and counts those that come back. */
import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { clock } from './connection.js';

const HEAD_END = Buffer.from('\r\n\r\n');

/** A text message as a client's frame, mask included: made once, sent many times. */
export function clientFrame(text: string): Buffer {
  const payload = Buffer.from(text);
  const mask = randomBytes(4);
  const head = payload.length < 126 ? Buffer.alloc(2) : Buffer.alloc(4);
  head[0] = 0x81;
  head[1] = 0x80 | Math.min(payload.length, 126);
  if (payload.length >= 126) head.writeUInt16BE(payload.length, 2);
  for (let i = 0; i < payload.length; i++) payload[i]! ^= mask[i & 3]!;
  return Buffer.concat([head, mask, payload]);
}

export class RealtimeSocket {
  /** When the frames that are on their way were due, oldest first. */
  private readonly sentAt: number[] = [];
  private readonly socket: Socket;
  private rest: Buffer = Buffer.alloc(0);
  private ready = false;
  private onReady: (error?: Error) => void = () => {};

  /** @param onFrame called with the milliseconds that a frame took there and back */
  constructor(
    port: number,
    private readonly request: string,
    private readonly onFrame: (socket: RealtimeSocket, took: number) => void,
    private readonly onFailure: (reason: string) => void,
  ) {
    this.socket = connect({ host: '127.0.0.1', port });
    this.socket.setNoDelay(true);
    this.socket.on('data', (bytes) => this.read(bytes));
    this.socket.on('error', (error) => this.fail(error.message));
    this.socket.on('close', () => this.fail('connection closed'));
  }

  /** Resolves once the provider has said its first word. */
  opened(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.onReady = (error) => (error === undefined ? resolve() : reject(error));
      this.socket.write(this.request);
    });
  }

  send(frame: Buffer, dueAt: number): void {
    this.sentAt.push(dueAt);
    this.socket.write(frame);
  }

  close(): void {
    this.socket.removeAllListeners('close');
    this.socket.destroy();
  }

  private read(bytes: Buffer): void {
    let data = this.rest.length === 0 ? bytes : Buffer.concat([this.rest, bytes]);
    if (!this.ready) {
      const end = data.indexOf(HEAD_END);
      if (end < 0) {
        this.rest = data;
        return;
      }
      const status = data.toString('latin1', 0, data.indexOf('\r'));
      if (!status.includes(' 101 ')) {
        this.fail(`${status} ${data.toString('utf8', end + 4, end + 300)}`);
        return;
      }
      this.ready = true;
      data = data.subarray(end + 4);
    }
    this.rest = this.frames(data);
  }

  /** Counts whole frames; what is left of half a one. */
  private frames(data: Buffer): Buffer {
    let at = 0;
    while (data.length - at >= 2) {
      let length = data[at + 1]! & 0x7f;
      let head = 2;
      if (length === 126) {
        if (data.length - at < 4) break;
        length = data.readUInt16BE(at + 2);
        head = 4;
      } else if (length === 127) {
        if (data.length - at < 10) break;
        length = Number(data.readBigUInt64BE(at + 2));
        head = 10;
      }
      if (data.length - at < head + length) break;
      const isText = (data[at]! & 0x0f) === 1;
      at += head + length;
      if (isText) this.frame();
    }
    return data.subarray(at);
  }

  private frame(): void {
    const dueAt = this.sentAt.shift();
    // The first one is the provider's greeting.
    if (dueAt === undefined) this.onReady();
    else this.onFrame(this, clock() - dueAt);
  }

  private fail(reason: string): void {
    this.onReady(new Error(reason));
    this.onFailure(reason);
  }
}
