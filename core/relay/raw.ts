import type { CanonicalError, HeaderList } from '@headgate/sdk';
import type { Exchange } from '../exchange.js';
import { type ByteTaps, openTaps } from '../plan/run-tap.js';
import { settle } from '../stages/settle.js';
import type { Relay } from './relay.js';
import { startStream } from './stream-head.js';

/** Bytes that nobody here understands, as they come. */
export class RawRelay implements Relay {
  private readonly taps: ByteTaps | null;

  constructor(
    private readonly x: Exchange,
    status: number,
    contentType: string,
    headers: HeaderList,
  ) {
    this.taps = openTaps(x);
    startStream(x, status, contentType, headers);
  }

  data(chunk: Buffer): boolean {
    const room = this.x.incoming.sink.write(chunk);
    this.taps?.see(chunk);
    return room;
  }

  end(): void {
    this.x.incoming.sink.end();
    settle(this.x);
  }

  drop(): void {}

  interrupt(error: CanonicalError): void {
    this.x.error = error;
    // These bytes cannot carry an error: a connection cut before the last chunk is the one thing every client notices.
    this.x.incoming.sink.cut();
    settle(this.x);
  }
}
