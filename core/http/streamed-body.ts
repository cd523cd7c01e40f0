import { RequestBody } from './request-body.js';

/** The connection that a body comes over. */
export interface BodySource {
  /** Asks it to wait. What is on its way still comes: one read of the connection. */
  pause(): void;
  resume(): void;
}

/** Who takes a body as it comes. Nothing is said after `end` and `overflow`. */
export interface BodyReader {
  /** The bytes are the reader's to keep. False: send nothing more until `proceed` is called. */
  data(chunk: Buffer): boolean;
  end(): void;
  /** It is larger than its limit. */
  overflow(): void;
}

/**
 * A body that is passed on as it comes: at most one read of the connection waits here. The pipeline does not wait for it,
 * so it counts as complete from the start.
 */
export class StreamedBody extends RequestBody {
  private reader: BodyReader | null = null;
  private waiting: Buffer[] = [];
  private ended = false;
  private paused = false;
  private dropped = false;

  /**
   * @param limit most bytes that are taken
   * @param length as the client declares it; null when it does not
   */
  constructor(
    limit: number,
    readonly length: number | null,
    private readonly source: BodySource,
  ) {
    super(limit);
    this.complete = true;
  }

  override get streamed(): boolean {
    return true;
  }

  /** Nothing more of it will come. */
  get over(): boolean {
    return this.ended || this.dropped;
  }

  override push(chunk: ArrayBuffer, last: boolean): void {
    if (this.dropped) return;
    if (chunk.byteLength > 0) {
      const kept = Buffer.allocUnsafe(chunk.byteLength);
      kept.set(new Uint8Array(chunk));
      this.give(kept);
    }
    if (last) this.finish();
  }

  /** Bytes that nobody else will change. False: wait for the source's `resume`. */
  give(chunk: Buffer): boolean {
    if (this.dropped) return true;
    this.size += chunk.length;
    if (this.size > this.limit) {
      this.tooLarge = true;
      const { reader } = this;
      this.clear();
      reader?.overflow();
      return true;
    }
    const { reader } = this;
    if (reader === null) this.waiting.push(chunk);
    if (reader === null || !reader.data(chunk)) this.pause();
    return !this.paused;
  }

  /** The last byte was there. */
  finish(): void {
    this.ended = true;
    // A connection that stays paused would never read the next request.
    if (this.paused) this.source.resume();
    this.paused = false;
    if (!this.dropped) this.reader?.end();
  }

  /** From here on the bytes go to this reader, first those that have come already. */
  readBy(reader: BodyReader): void {
    this.reader = reader;
    if (this.tooLarge) {
      reader.overflow();
      return;
    }
    const { waiting } = this;
    this.waiting = [];
    let room = true;
    for (const chunk of waiting) room = reader.data(chunk);
    if (this.ended) reader.end();
    else if (room) this.proceed();
    else this.pause();
  }

  /** The reader has room again. */
  proceed(): void {
    if (!this.paused) return;
    this.paused = false;
    this.source.resume();
  }

  /** What still comes is forgotten; the connection may go on, since one that waits could not be used again. */
  override clear(): void {
    super.clear();
    this.dropped = true;
    this.reader = null;
    this.waiting = [];
    this.proceed();
  }

  override refuse(): void {
    this.tooLarge = true;
    this.clear();
  }

  private pause(): void {
    if (this.paused || this.ended || this.dropped) return;
    this.paused = true;
    this.source.pause();
  }
}
