import type { CanonicalError, HeaderList } from '@headgate/sdk';
import type { Exchange } from '../exchange.js';
import { type ByteTaps, openTaps } from '../plan/run-tap.js';
import { settle } from '../stages/settle.js';
import type { Relay } from './relay.js';
import { startStream } from './stream-head.js';

/** Most that a usage behind a large answer takes. */
const TAIL_BYTES = 16 * 1024;

/** Bytes that nobody here understands, as they come. */
export class RawRelay implements Relay {
  private readonly taps: ByteTaps | null;
  /** The end of what has passed, where usage may stand; null where nobody could read it. */
  private tail: Buffer | null;

  constructor(
    private readonly x: Exchange,
    status: number,
    contentType: string,
    headers: HeaderList,
  ) {
    this.taps = openTaps(x);
    this.tail =
      x.endpoint.format.task === undefined || !contentType.includes('json') ? null : Buffer.alloc(0);
    startStream(x, status, contentType, headers);
  }

  data(chunk: Buffer): boolean {
    const room = this.x.incoming.sink.write(chunk);
    this.taps?.see(chunk);
    if (this.tail !== null) {
      const recent = chunk.length >= TAIL_BYTES ? chunk : Buffer.concat([this.tail, chunk]);
      this.tail = recent.subarray(-TAIL_BYTES);
    }
    return room;
  }

  end(): void {
    const { x, tail } = this;
    if (tail !== null) x.usage = x.endpoint.format.meter?.body(tail) ?? null;
    x.incoming.sink.end();
    settle(x);
  }

  drop(): void {}

  interrupt(error: CanonicalError): void {
    this.x.error = error;
    // These bytes cannot carry an error: a connection cut before the last chunk is the one thing every client notices.
    this.x.incoming.sink.cut();
    settle(this.x);
  }
}
