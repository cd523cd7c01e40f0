import type { CanonicalError, HeaderList, StreamMeter } from '@headgate/sdk';
import { canonicalError } from '../errors.js';
import type { Exchange } from '../exchange.js';
import { failWith } from '../fail.js';
import { type ByteTaps, openTaps } from '../plan/run-tap.js';
import { settle } from '../stages/settle.js';
import { mayCall, noteCalls } from './answer-said.js';
import { errorOfEvents } from './error-inside.js';
import { holdOf, type PieceHold } from './framing.js';
import type { Relay } from './relay.js';
import { startStream } from './stream-head.js';

/**
 * A stream of the client's own format: bytes pass as they came, a meter looks at them. Only whole events leave, so that
 * the client never holds half an event when the provider dies: then it gets an error event of its own API instead.
 */
export class TapRelay implements Relay {
  private readonly hold: PieceHold;
  private readonly taps: ByteTaps | null;
  /** Whether calls of tools are looked for. */
  private readonly searches: boolean;
  private meter: StreamMeter | null;
  private chunks: Buffer[] = [];
  /** What passed last, and before: why the answer ended is said in one of them. */
  private last: Buffer | null = null;
  private beforeLast: Buffer | null = null;
  /** Another attempt answers. */
  private replaced = false;
  private readonly passLater = (): void => this.passChunks();

  constructor(
    private readonly x: Exchange,
    private readonly status: number,
    private readonly contentType: string,
    private readonly headers: HeaderList,
    private readonly strip: boolean,
  ) {
    this.meter = x.endpoint.format.meter?.stream({ strip }) ?? null;
    this.hold = holdOf(x.endpoint.format.framing ?? 'sse');
    this.taps = openTaps(x);
    this.searches = mayCall(x);
  }

  /** What arrives in one tick is looked at, and leaves, together: 40 events of a burst cost little more than one. */
  data(chunk: Buffer): boolean {
    if (this.chunks.push(chunk) === 1) queueMicrotask(this.passLater);
    return !this.x.incoming.sink.full;
  }

  end(): void {
    this.passChunks();
    const rest = this.hold.rest();
    if (rest !== null && !this.replaced) this.pass(rest);
    if (this.replaced) return;
    const { meter, x } = this;
    this.noteFinish();
    if (meter !== null) {
      x.usage = meter.usage();
      if (meter.failed)
        x.error = canonicalError('stream_interrupted', { provider: providerOf(x), why: 'it said so itself' });
      else if (!meter.finished) {
        this.interrupt(
          canonicalError('stream_interrupted', {
            provider: providerOf(x),
            why: 'the stream has no end marker',
          }),
        );
        return;
      }
    }
    if (x.headAt === 0) startStream(x, this.status, this.contentType, this.headers);
    x.incoming.sink.end();
    settle(x);
  }

  interrupt(error: CanonicalError): void {
    const { x } = this;
    this.passChunks();
    if (this.replaced) return;
    x.usage = this.meter?.usage() ?? null;
    if (x.headAt === 0) {
      failWith(x, error);
      return;
    }
    x.error = error;
    this.sayError(error);
    settle(x);
  }

  private sayError(error: CanonicalError): void {
    const { endpoint, incoming, id } = this.x;
    const { sink } = incoming;
    const framing = endpoint.format.framing ?? 'sse';
    // Nothing can be said in the middle of a binary message: a connection cut short is what every client notices.
    if (this.hold.midEvent && framing === 'aws-eventstream') {
      sink.cut();
      return;
    }
    if (this.hold.midEvent) sink.write(framing === 'sse' ? '\n\n' : '\n');
    sink.write(endpoint.format.error.encodeInStream(error, id));
    sink.end();
  }

  drop(): void {
    this.chunks = [];
  }

  private passChunks(): void {
    const { chunks } = this;
    if (chunks.length === 0 || this.x.settled) return;
    this.chunks = [];
    const events = this.hold.take(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks));
    if (events === null) return;
    this.pass(events);
    this.x.incoming.sink.flush();
  }

  private pass(events: Buffer): void {
    const { x, strip } = this;
    const { sink } = x.incoming;
    // The head waits for the first events: until then another target may take over.
    if (x.headAt === 0) {
      this.passFirst(events);
      return;
    }
    if (strip) {
      const kept = this.look(events);
      if (kept.length > 0) sink.write(kept);
      this.taps?.see(kept);
      return;
    }
    // Bytes first: what the meter thinks of them changes nothing.
    sink.write(events);
    this.look(events);
    this.taps?.see(events);
  }

  private passFirst(events: Buffer): void {
    const { x, meter } = this;
    const kept = this.look(events);
    if (meter?.failed && !meter.started) {
      const { error, framing = 'sse' } = x.endpoint.format;
      this.replaced = true;
      x.attempt?.failInside?.({ ...errorOfEvents(events, framing, error), headers: this.headers });
      return;
    }
    x.meter = this.meter;
    startStream(x, this.status, this.contentType, this.headers);
    x.conversation?.passed(x, x.conversation.state.idOf(events, true));
    if (kept.length > 0) x.incoming.sink.write(kept);
    this.taps?.see(kept);
  }

  private noteFinish(): void {
    const { x, last, beforeLast } = this;
    const { said } = x.endpoint;
    if (said === null || last === null) return;
    x.finish = said.finish.events(last);
    if (x.finish === '' && beforeLast !== null) x.finish = said.finish.events(beforeLast);
  }

  private look(events: Buffer): Buffer {
    const { meter, x } = this;
    if (this.searches) noteCalls(x, events);
    this.beforeLast = this.last;
    this.last = events;
    if (meter === null) return events;
    try {
      const kept = meter.push(events);
      if (x.firstTokenAt === 0 && meter.started) x.firstTokenAt = performance.now();
      return kept;
    } catch (error) {
      // A meter that cannot follow is unplugged; the answer goes on unmetered, and the log says so.
      this.meter = null;
      x.meter = null;
      x.io.log.error('meter failed', {
        request: x.id,
        error: error instanceof Error ? error.message : String(error),
      });
      return events;
    }
  }
}

function providerOf(x: Exchange): string {
  return x.target?.provider.id ?? '';
}
