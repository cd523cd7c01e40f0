/** One keep-alive client connection: sends prepared bytes, says when the answer is complete. One request at a time. */
import { connect, type Socket } from 'node:net';
import { AnswerReader } from './answer-reader.js';

/** All connections read into one buffer: the bytes are looked at before the next read, and never kept. */
const readBuffer = Buffer.allocUnsafe(65_536);

/** Monotonic milliseconds, the same clock in all threads of this process. */
export function clock(): number {
  const [seconds, nanos] = process.hrtime();
  return seconds * 1000 + nanos / 1e6;
}

export class Connection {
  readonly reader = new AnswerReader();
  /** When the request was due to be sent, was sent, and brought its first event (0: not yet), by `clock()`. */
  dueAt = 0;
  firstEventAt = 0;
  private readonly socket: Socket;
  private failed = false;

  /**
   * @param onAnswer called when an answer is complete
   * @param onFailure called at most once, when the connection breaks or brings something that is no HTTP
   */
  constructor(
    port: number,
    private readonly onAnswer: (connection: Connection) => void,
    private readonly onFailure: (connection: Connection, reason: string) => void,
  ) {
    const callback = (size: number, buffer: Uint8Array) => {
      this.read(buffer.subarray(0, size) as Buffer);
      return true;
    };
    this.socket = connect({ host: '127.0.0.1', port, onread: { buffer: readBuffer, callback } });
    this.socket.setNoDelay(true);
    this.socket.on('error', (error) => this.fail(error.message));
    this.socket.on('close', () => this.fail('connection closed'));
  }

  get usable(): boolean {
    return !this.failed;
  }

  opened(): Promise<void> {
    return new Promise((resolve) => {
      this.socket.once('connect', resolve);
      this.socket.once('close', () => resolve()); // the failure has been reported by then
    });
  }

  send(request: Buffer, dueAt: number): void {
    this.dueAt = dueAt;
    this.firstEventAt = 0;
    this.socket.write(request);
  }

  close(): void {
    this.failed = true;
    this.socket.destroy();
  }

  private read(bytes: Buffer): void {
    let complete = false;
    try {
      complete = this.reader.push(bytes);
    } catch (error) {
      this.fail(String(error));
      this.socket.destroy();
      return;
    }
    if (this.firstEventAt === 0 && this.reader.counter.events > 0) this.firstEventAt = clock();
    if (complete) this.onAnswer(this);
  }

  private fail(reason: string): void {
    if (this.failed) return;
    this.failed = true;
    this.onFailure(this, reason);
  }
}
