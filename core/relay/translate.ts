import {
  type CanonicalError,
  type HeaderList,
  MalformedBody,
  type Reply,
  type StreamCodec,
  type StreamDecoder,
  type StreamEncoder,
  type StreamEvent,
} from '@headgate/sdk';
import { answerWithReply, encoderOptions } from '../answer.js';
import { canonicalError, GatewayError } from '../errors.js';
import type { Exchange } from '../exchange.js';
import { failWith } from '../fail.js';
import { answerIdOf } from '../kept/answer-id.js';
import { type ByteTaps, openTaps } from '../plan/run-tap.js';
import type { Speech } from '../route/speech.js';
import { settle } from '../stages/settle.js';
import { noteEvent } from './answer-said.js';
import { EventPipe } from './event-pipe.js';
import { isUnreadable, type Splitter, splitterOf, streamType } from './framing.js';
import { mayPassBytes, passable } from './hooked.js';
import { Outgoing } from './outgoing.js';
import type { Relay } from './relay.js';
import { startStream } from './stream-head.js';

/**
 * A stream that goes through the hub: another format, or hooks that read events. The head leaves with the first text, so
 * that a guard which refuses at once can still give a proper answer.
 */
export class TranslateRelay implements Relay {
  private readonly splitter: Splitter;
  private readonly decoder: StreamDecoder;
  private readonly encoder: StreamEncoder;
  private readonly pipe: EventPipe | null;
  private readonly taps: ByteTaps | null;
  private readonly emit: (event: StreamEvent) => void;
  private readonly out = new Outgoing();
  private started = false;
  private over = false;
  /** Another attempt answers. */
  private replaced = false;
  private inData = false;
  private begun = false;

  constructor(
    private readonly x: Exchange,
    private readonly headers: HeaderList,
    private readonly speech: Speech,
  ) {
    // Only chosen when both formats can stream.
    this.decoder = (speech.format.stream as StreamCodec).decoder();
    this.encoder = (x.endpoint.format.stream as StreamCodec).encoder(encoderOptions(x));
    this.taps = openTaps(x);
    this.pipe = mayPassBytes(x) ? null : this.openPipe();
    const next = this.pipe === null ? (event: StreamEvent) => this.write(event) : this.pipe.push;
    this.emit = (raw) => {
      const event = named(raw, x);
      this.notice(event);
      next(event);
    };
    this.splitter = splitterOf(speech.format.framing ?? 'sse', (event, data) =>
      this.decoder.push(event, data, this.emit),
    );
  }

  data(chunk: Buffer): boolean {
    return this.guarded(() => this.splitter.push(chunk));
  }

  end(): void {
    this.guarded(() => {
      this.splitter.end();
      this.decoder.end(this.emit);
    });
  }

  interrupt(error: CanonicalError): void {
    if (this.over) return;
    this.emitError(error);
    this.flush();
  }

  drop(): void {
    this.over = true;
  }

  private guarded(read: () => void): boolean {
    if (this.over) return true;
    this.inData = true;
    try {
      read();
    } catch (reason) {
      this.refused(reason);
    }
    this.inData = false;
    return this.flush() && (this.pipe === null || this.pipe.busy === 0);
  }

  private openPipe(): EventPipe {
    return new EventPipe(this.x, {
      write: (event) => {
        this.write(event);
        if (!this.inData) this.flush();
      },
      resume: () => this.x.attempt?.resume(),
      block: (reply) => this.block(reply),
      fail: (reason) => {
        this.refused(reason);
        if (!this.inData) this.flush();
      },
    });
  }

  private notice(event: StreamEvent): void {
    const { x } = this;
    if (event.type === 'usage') x.usage = event.usage;
    else if (event.type === 'finish' || event.type === 'part-start') noteEvent(x, event);
    else if (event.type === 'part-delta') {
      if (x.firstTokenAt === 0) x.firstTokenAt = performance.now();
    } else if (event.type === 'start') this.begun = true;
    else if (event.type === 'end' && !this.begun)
      throw new MalformedBody('the stream ended before its answer began');
  }

  private write(event: StreamEvent): void {
    if (this.over) return;
    if (event.type === 'error' && !this.started && this.out.empty) {
      this.failedAtOnce(event.error);
      return;
    }
    this.out.add(this.encoder.push(event));
    if (event.type === 'error') {
      this.x.error = event.error;
      this.over = true;
    } else if (event.type === 'end') this.over = true;
  }

  /** The stream begins with an error, under a status that says that all is well. */
  private failedAtOnce(error: CanonicalError): void {
    const { x, speech, headers } = this;
    this.over = true;
    this.replaced = true;
    const body = speech.format.error.encode(error, x.id);
    x.attempt?.failInside?.({ status: error.status, headers, body });
  }

  /** Sends what has been written; after the last event, ends. */
  private flush(): boolean {
    const { x } = this;
    if (this.replaced) return true;
    let room = true;
    if (!this.out.empty) {
      if (!this.started) {
        this.started = true;
        startStream(x, 200, streamType(x), passable(this.headers));
      }
      const piece = this.out.take();
      room = x.incoming.sink.write(piece);
      this.taps?.see(typeof piece === 'string' ? Buffer.from(piece) : piece);
    }
    if (this.over && !x.settled) {
      if (!this.started) startStream(x, 200, streamType(x), passable(this.headers));
      x.incoming.sink.end();
      x.attempt?.stop();
      settle(x);
    }
    return room;
  }

  private refused(reason: unknown): void {
    const provider = this.x.target?.provider.id ?? '';
    if (reason instanceof GatewayError) this.emitError(reason.canonical);
    else if (reason instanceof MalformedBody || reason instanceof SyntaxError || isUnreadable(reason)) {
      const why = reason instanceof SyntaxError ? 'an event is not JSON' : (reason as Error).message;
      this.emitError(canonicalError('provider_bad_answer', { provider, why }));
    } else {
      this.x.io.log.error('unexpected error in a stream', {
        request: this.x.id,
        error: reason instanceof Error ? (reason.stack ?? reason.message) : String(reason),
      });
      this.emitError(canonicalError('internal'));
    }
  }

  private emitError(error: CanonicalError): void {
    if (this.started || !this.out.empty) {
      this.write({ type: 'error', error });
      return;
    }
    this.over = true;
    this.x.attempt?.stop();
    failWith(this.x, error);
  }

  private block(reply: Reply): void {
    if (!this.started && this.out.empty) {
      this.over = true;
      this.x.attempt?.stop();
      answerWithReply(this.x, reply);
      return;
    }
    const error = reply.type === 'error' ? reply.error : canonicalError('answer_blocked');
    this.write({ type: 'error', error });
    if (!this.inData) this.flush();
  }
}

/** Some APIs (Cohere, Bedrock) name no model or no id; clients of others expect to read it. */
function named(event: StreamEvent, x: Exchange): StreamEvent {
  if (event.type !== 'start') return event;
  const id = answerIdOf(x, event.id);
  if (event.model !== '' && event.id === id) return event;
  return { ...event, model: event.model || (x.target?.model ?? ''), id };
}
