import type { HttpResponse } from 'uWebSockets.js';
import type { HeaderList } from '@headgate/sdk';
import type { ClientSink } from '../relay/sink.js';
import { writeHead } from './write-head.js';

/**
 * Most bytes written inside one cork, whose buffer has 16 KiB. What does not fit is written past the buffer, and lost when the
 * buffer cannot be sent at that moment: the releases before 20.64 drop it, leaving the client with the length of a chunk and none
 * of its bytes. See docs/adr/0012-limits-of-uws.md.
 */
const MOST_IN_CORK = 16_000;
/** Bytes of a head that are not its own headers. */
const HEAD_ROOM = 300;

/**
 * The client's side over uWebSockets.js. What is written in one tick leaves in one write inside one cork: an upstream
 * burst of 40 events costs one system call, not 40.
 */
export class UwsSink implements ClientSink {
  onDrain: (() => void) | null = null;
  /** Set when the response may no longer be touched. */
  gone = false;
  private head: { status: number; headers: HeaderList } | null = null;
  private queue: (Uint8Array | string)[] = [];
  private scheduled = false;
  private ending = false;
  full = false;
  private readonly flushLater = (): void => {
    // Something else may have flushed since.
    if (this.scheduled) this.flush();
  };

  constructor(private readonly res: HttpResponse) {}

  send(status: number, headers: HeaderList, body: Uint8Array | string): void {
    if (this.gone) return;
    this.gone = true;
    const { res } = this;
    res.cork(() => {
      writeHead(res, status, headers);
      res.end(body);
    });
  }

  address(): string {
    return this.gone ? '' : Buffer.from(this.res.getRemoteAddressAsText()).toString('latin1');
  }

  /** The response becomes a WebSocket: `upgrade` is called where its headers may be written, and nothing may be after it. */
  upgrade(headers: HeaderList, upgrade: () => void): void {
    if (this.gone) return;
    this.gone = true;
    const { res } = this;
    res.cork(() => {
      writeHead(res, 101, headers);
      upgrade();
    });
  }

  start(status: number, headers: HeaderList): void {
    this.head = { status, headers };
    this.schedule();
  }

  write(chunk: Uint8Array | string): boolean {
    this.queue.push(chunk);
    this.schedule();
    return !this.full;
  }

  end(): void {
    this.ending = true;
    this.schedule();
  }

  cut(): void {
    if (this.gone) return;
    this.flush();
    if (this.gone) return;
    this.gone = true;
    this.res.close();
  }

  private schedule(): void {
    if (this.scheduled || this.gone) return;
    this.scheduled = true;
    queueMicrotask(this.flushLater);
  }

  flush(): void {
    this.scheduled = false;
    if (this.gone) return;
    const { queue } = this;
    let body =
      queue.length === 0 ? null : queue.length === 1 ? (queue[0] as Uint8Array | string) : joined(queue);
    if (queue.length > 0) this.queue = [];
    let room = true;
    if (body !== null && !this.fits(body)) {
      const bytes = typeof body === 'string' ? Buffer.from(body) : body;
      if (this.head !== null) this.writeCorked(null, false);
      let at = 0;
      for (; bytes.length - at > MOST_IN_CORK; at += MOST_IN_CORK)
        room = this.writeCorked(bytes.subarray(at, at + MOST_IN_CORK), false) && room;
      body = bytes.subarray(at);
    }
    room = this.writeCorked(body, this.ending) && room;
    if (!room && !this.full && !this.gone) this.waitForRoom();
  }

  /** Whether so much may go into one cork, with the head if it is not written yet. */
  private fits(body: Uint8Array | string): boolean {
    // A character of a text may be three bytes.
    const most = typeof body === 'string' ? 3 * body.length : body.length;
    return most <= MOST_IN_CORK && (this.head === null || most + sizeOf(this.head.headers) <= MOST_IN_CORK);
  }

  /** What there is of the head, and this, in one system call. False: some of it waits for the client. */
  private writeCorked(body: Uint8Array | string | null, last: boolean): boolean {
    const { res, head } = this;
    let room = true;
    res.cork(() => {
      if (head !== null) {
        this.head = null;
        writeHead(res, head.status, head.headers);
      }
      if (body !== null && body.length > 0) room = res.write(body);
      if (!last) return;
      this.gone = true;
      // Chunked from the first write on, so the last bytes were a chunk too.
      res.end();
    });
    return room;
  }

  private waitForRoom(): void {
    this.full = true;
    this.res.onWritable(() => {
      this.full = false;
      this.onDrain?.();
      return true;
    });
  }
}

function sizeOf(headers: HeaderList): number {
  return headers.reduce((sum, text) => sum + text.length + 4, HEAD_ROOM);
}

function joined(queue: readonly (Uint8Array | string)[]): Uint8Array | string {
  if (queue.every((chunk) => typeof chunk === 'string')) return queue.join('');
  return Buffer.concat(queue.map((chunk) => (typeof chunk === 'string' ? Buffer.from(chunk) : chunk)));
}
