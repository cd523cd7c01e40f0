import { type CanonicalError, type HeaderList, headerOf, type StreamMeter } from '@headgate/sdk';
import { answerHeaders } from '../answer-headers.js';
import type { Exchange } from '../exchange.js';
import { type ByteTaps, openTaps } from '../plan/run-tap.js';
import { holdOf, type PieceHold } from '../relay/framing.js';
import type { Relay } from '../relay/relay.js';
import { settle } from '../stages/settle.js';
import { withUnits } from './used.js';

export interface PassedKind {
  /** Server-Sent Events, decompressed: a meter looks at them. */
  readonly events: boolean;
}

/** Bytes as they come. Of events, the usage is read beside their way. */
export class PassedAnswer implements Relay {
  private readonly taps: ByteTaps | null;
  private readonly hold: PieceHold | null;
  private meter: StreamMeter | null;

  constructor(
    private readonly x: Exchange,
    status: number,
    contentType: string,
    headers: HeaderList,
    { events }: PassedKind,
  ) {
    this.taps = openTaps(x);
    const counts = events && x.incoming.method === 'POST';
    this.meter = counts ? (x.endpoint.format.meter?.stream({ strip: false }) ?? null) : null;
    this.hold = this.meter === null ? null : holdOf('sse');
    x.meter = this.meter;
    x.stream = events;
    x.status = status;
    x.headAt = performance.now();
    const own = answerHeaders(x, contentType === '' ? 'application/octet-stream' : contentType, headers);
    const encoding = events ? undefined : headerOf(headers, 'content-encoding');
    if (encoding !== undefined) own.push('content-encoding', encoding);
    x.incoming.sink.start(status, own);
  }

  data(chunk: Buffer): boolean {
    const room = this.x.incoming.sink.write(chunk);
    if (this.meter !== null) this.look(this.meter, this.hold?.take(chunk) ?? null);
    this.taps?.see(chunk);
    return room;
  }

  end(): void {
    const { x } = this;
    if (this.meter !== null) {
      this.look(this.meter, this.hold?.rest() ?? null);
      x.usage = this.meter?.usage() ?? null;
    }
    x.usage = withUnits(x, x.usage);
    x.incoming.sink.end();
    settle(x);
  }

  interrupt(error: CanonicalError): void {
    const { x } = this;
    x.error = error;
    // These bytes cannot carry an error: a connection cut before the last chunk is the one thing every client notices.
    x.incoming.sink.cut();
    settle(x);
  }

  drop(): void {}

  private look(meter: StreamMeter, events: Buffer | null): void {
    if (events === null) return;
    const { x } = this;
    try {
      meter.push(events);
      if (x.firstTokenAt === 0 && meter.started) x.firstTokenAt = performance.now();
    } catch (error) {
      // A meter that cannot follow is unplugged; the answer goes on unmetered, and the log says so.
      this.meter = null;
      x.meter = null;
      x.io.log.error('meter failed', {
        request: x.id,
        error: error instanceof Error ? error.message : String(error),
      });
    }
  }
}
