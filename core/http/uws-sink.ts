import type { HttpResponse } from 'uWebSockets.js';
import type { HeaderList } from '@headgate/sdk';
import type { ClientSink } from '../relay/sink.js';
import { writeHead } from './write-head.js';

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
    const { res, queue, head } = this;
    const body =
      queue.length === 0 ? null : queue.length === 1 ? (queue[0] as Uint8Array | string) : joined(queue);
    if (queue.length > 0) this.queue = [];
    let room = true;
    res.cork(() => {
      if (head !== null) {
        this.head = null;
        writeHead(res, head.status, head.headers);
      }
      if (this.ending) {
        this.gone = true;
        // Chunked from the first write on, so the last bytes must be a chunk too.
        if (body !== null && body.length > 0) res.write(body);
        res.end();
      } else if (body !== null && body.length > 0) room = res.write(body);
    });
    if (!room && !this.full && !this.gone) this.waitForRoom();
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

function joined(queue: readonly (Uint8Array | string)[]): Uint8Array | string {
  if (queue.every((chunk) => typeof chunk === 'string')) return queue.join('');
  return Buffer.concat(queue.map((chunk) => (typeof chunk === 'string' ? Buffer.from(chunk) : chunk)));
}
