import type { HeaderList } from '@headgate/sdk';
import { answerHeaders } from '../answer-headers.js';
import { canonicalError } from '../errors.js';
import type { Exchange } from '../exchange.js';
import type { ClientSink } from './sink.js';

/** Whether answers may go out, as far as their records are concerned. */
export interface RecordGate {
  /** The end of an answer leaves only after its record is written. */
  readonly holds: boolean;
  /** Nothing is to be answered at the moment, since records cannot be written. */
  readonly refusing: boolean;
  /** Answers whose records are not written are not to be given. */
  readonly strict: boolean;
  /** `release` is told whether the records of this turn were written, once that is known. */
  hold(release: (written: boolean) => void): void;
}

/** Records are written soon after, and nothing waits for them. */
export const OPEN_GATE: RecordGate = {
  holds: false,
  refusing: false,
  strict: false,
  hold: (release) => release(true),
};

/** From here on the end of the answer waits for its record. */
export function holdEnd(x: Exchange): void {
  const sink = new DurableSink(x, x.incoming.sink);
  x.durable = sink;
  x.incoming = { ...x.incoming, sink };
}

/**
 * The client's side of a request whose record must be on disk before its answer ends: a whole answer leaves after it, of a
 * stream what was written last. Where the record cannot be written the client gets an error in place of that end, unless the
 * gateway is to serve all the same.
 */
export class DurableSink implements ClientSink {
  onDrain: (() => void) | null = null;
  /** Written since the last flush. */
  private queue: (Uint8Array | string)[] = [];
  /** Maybe the last that the client gets. */
  private kept: (Uint8Array | string)[] = [];
  private whole: { status: number; headers: HeaderList; body: Uint8Array | string } | null = null;
  private scheduled = false;
  private ending = false;
  private over = false;
  /** Null until it is known. */
  private written: boolean | null = null;
  /** It tells of an error already. */
  private failed = false;
  private stream = false;
  private readonly flushLater = (): void => {
    if (this.scheduled) this.flush();
  };

  constructor(
    private readonly x: Exchange,
    /** What leaves here waits for nothing. */
    readonly client: ClientSink,
  ) {
    client.onDrain = () => this.onDrain?.();
  }

  get full(): boolean {
    return this.client.full;
  }

  address(): string {
    return this.client.address?.() ?? '';
  }

  send(status: number, headers: HeaderList, body: Uint8Array | string): void {
    this.whole = { status, headers, body };
    this.finish();
  }

  start(status: number, headers: HeaderList): void {
    this.client.start(status, headers);
  }

  write(chunk: Uint8Array | string): boolean {
    this.queue.push(chunk);
    if (!this.scheduled) {
      this.scheduled = true;
      queueMicrotask(this.flushLater);
    }
    return !this.client.full;
  }

  flush(): void {
    this.scheduled = false;
    const { queue } = this;
    if (this.over || queue.length === 0) return;
    this.queue = [];
    this.pass(this.kept);
    // What comes after the end of the answer, such as its usage, may be the last too: only that is kept back.
    const last = this.ending || this.x.meter?.finished === true;
    this.kept = last ? queue : [];
    if (!last) this.pass(queue);
    this.client.flush();
  }

  end(): void {
    this.ending = true;
    this.flush();
    this.finish();
  }

  cut(): void {
    if (this.over) return;
    this.over = true;
    this.pass(this.kept);
    this.pass(this.queue);
    this.client.cut();
  }

  /** The record is with the recorder, in this turn. */
  settled(): void {
    const { x } = this;
    this.failed = x.error !== null;
    this.stream = x.stream && x.forward === null;
    // Whoever waits for all requests to end waits for what is sent last.
    x.io.inFlight++;
    x.io.gate.hold((written) => {
      x.io.inFlight--;
      this.written = written || this.failed || !x.io.gate.strict;
      this.finish();
    });
  }

  private finish(): void {
    if (this.over || this.written === null || (this.whole === null && !this.ending)) return;
    this.over = true;
    if (!this.written) this.refuse();
    else if (this.whole !== null) this.client.send(this.whole.status, this.whole.headers, this.whole.body);
    else {
      this.pass(this.kept);
      this.client.end();
    }
  }

  private refuse(): void {
    const { x, client } = this;
    const error = canonicalError('record_unwritten');
    const { encode, encodeInStream } = x.endpoint.format.error;
    if (this.whole !== null)
      client.send(error.status, answerHeaders(x, 'application/json', null), encode(error, x.id));
    else if (this.stream) {
      client.write(encodeInStream(error, x.id));
      client.end();
    } else client.cut();
  }

  private pass(chunks: readonly (Uint8Array | string)[]): void {
    for (const chunk of chunks) this.client.write(chunk);
  }
}
