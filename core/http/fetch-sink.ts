import type { HeaderList } from '@headgate/sdk';
import type { ClientSink } from '../relay/sink.js';
import { webHeaders } from './web-headers.js';

/** Bytes of a streamed answer that may wait for their reader before the provider is asked to pause. */
const HIGH_WATER_BYTES = 64 * 1024;

/** Answers that have no body, whatever is sent: a `Response` refuses to be made with one. */
const BODILESS = new Set([204, 205, 304]);

/**
 * The client's side of a request made by `fetch` inside the process: its answer becomes a web `Response`. As over a socket,
 * what is written in one tick leaves together.
 */
export class FetchSink implements ClientSink {
  onDrain: (() => void) | null = null;
  onLeft: (() => void) | null = null;
  full = false;
  readonly response: Promise<Response>;
  /** Nothing more may be written: the answer is complete, cut, or nobody waits for it. */
  gone = false;
  private resolve!: (response: Response) => void;
  private reject!: (reason: unknown) => void;
  private body: ReadableByteStreamController | null = null;
  private queue: (Uint8Array | string)[] = [];
  private scheduled = false;
  private ending = false;
  private broken: Error | null = null;
  private readonly flushLater = (): void => {
    // Something else may have flushed since.
    if (this.scheduled) this.flush();
  };

  /**
   * @param bodiless the request was a HEAD
   * @param over called once, when nothing more may be written; `left` when that is the client's doing
   */
  constructor(
    private readonly bodiless: boolean,
    private readonly over: (left: boolean) => void,
  ) {
    this.response = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  send(status: number, headers: HeaderList, body: Uint8Array | string): void {
    if (this.gone) return;
    // As bytes: of a text a Response would guess the content type.
    this.respond(status, headers, this.bodiless ? null : typeof body === 'string' ? Buffer.from(body) : body);
    this.finish(false);
  }

  start(status: number, headers: HeaderList): void {
    if (this.gone) return;
    const stream = new ReadableStream(
      {
        type: 'bytes',
        start: (controller) => {
          this.body = controller;
        },
        pull: () => this.pulled(),
        cancel: () => this.finish(true),
      },
      { highWaterMark: HIGH_WATER_BYTES },
    );
    this.respond(status, headers, stream);
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

  flush(): void {
    this.scheduled = false;
    const { body, queue } = this;
    if (this.gone || body === null) return;
    if (queue.length > 0) {
      this.queue = [];
      const bytes = joinedBytes(queue);
      if (bytes.length > 0) body.enqueue(bytes);
    }
    if (this.ending) {
      body.close();
      // A reader that brought its own buffer waits until it is given back.
      body.byobRequest?.respond(0);
      this.finish(false);
    } else if (!this.full && (body.desiredSize ?? 0) <= 0) this.full = true;
  }

  cut(): void {
    this.flush();
    if (this.gone) return;
    this.break(new TypeError('terminated', { cause: new Error("the provider's answer broke off") }));
    this.finish(false);
  }

  /** The client gives up, or is given up: `reason` is what it is told, where it still listens. */
  abandon(reason: unknown): void {
    if (this.gone) return;
    this.reject(reason);
    this.body?.error(reason);
    this.finish(true);
  }

  private respond(status: number, headers: HeaderList, body: Uint8Array | ReadableStream | null): void {
    // What HTTP can carry and a Response cannot is an answer that makes no sense.
    const fits = status >= 200 && status <= 599 ? status : 502;
    const content = BODILESS.has(fits) ? null : body;
    this.resolve(new Response(content, { status: fits, headers: webHeaders(headers) }));
  }

  /** The reader has made room. */
  private pulled(): void {
    if (this.broken !== null) this.break(this.broken);
    if (!this.full || this.gone) return;
    this.full = false;
    this.onDrain?.();
  }

  /** After what was sent before, as on a connection. */
  private break(error: Error): void {
    this.broken = error;
    if (this.body?.desiredSize === HIGH_WATER_BYTES) this.body.error(error);
  }

  private schedule(): void {
    if (this.scheduled || this.gone) return;
    this.scheduled = true;
    queueMicrotask(this.flushLater);
  }

  private finish(left: boolean): void {
    if (this.gone) return;
    this.gone = true;
    this.queue = [];
    this.over(left);
  }
}

/**
 * Chunks as one, in memory of its own: a reader may keep it or transfer it to another thread, and what it was copied from
 * is shared with other requests.
 */
function joinedBytes(chunks: readonly (Uint8Array | string)[]): Uint8Array {
  let size = 0;
  for (const chunk of chunks) size += typeof chunk === 'string' ? Buffer.byteLength(chunk) : chunk.length;
  const bytes = new Uint8Array(size);
  const text = Buffer.from(bytes.buffer);
  let at = 0;
  for (const chunk of chunks) {
    if (typeof chunk === 'string') at += text.write(chunk, at);
    else {
      bytes.set(chunk, at);
      at += chunk.length;
    }
  }
  return bytes;
}
