import { Readable } from 'node:stream';

/** Where an upload comes from. Bytes are pushed; one that was told `false` waits for `proceed`. */
export interface UploadSource {
  /** Begins to push. */
  start(to: UploadStream): void;
  proceed(): void;
  /** Nobody takes the rest. */
  drop(): void;
}

/**
 * A body that comes while it is sent, in the form that undici takes. Between the client's connection and the provider's
 * there are at most one read of the one and the buffer of the other: what has no room stops the client.
 */
export class UploadStream extends Readable {
  private started = false;

  constructor(private readonly source: UploadSource) {
    super({ highWaterMark: 256 * 1024 });
  }

  override _read(): void {
    if (this.started) {
      this.source.proceed();
      return;
    }
    this.started = true;
    this.source.start(this);
  }

  /** False: wait. */
  data(chunk: Buffer): boolean {
    return this.destroyed || this.push(chunk);
  }

  /** The last byte was there. */
  finish(): void {
    if (!this.destroyed) this.push(null);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.source.drop();
    done(error);
  }
}
