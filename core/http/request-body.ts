import { type GatewayError, gatewayError } from '../errors.js';
import type { Wait } from '../pipeline.js';

const EMPTY = Buffer.alloc(0);

/**
 * The body of a request as it arrives. It is thenable so that the pipeline can wait for it without a promise: it is
 * resolved when the last byte is there, or as soon as the limit is passed.
 */
export class RequestBody implements Wait {
  bytes: Buffer = EMPTY;
  complete = false;
  tooLarge = false;
  protected size = 0;
  private chunks: Buffer[] | null = null;
  private resume: (() => void) | null = null;

  constructor(
    /** Most bytes that are taken. */
    readonly limit: number,
  ) {}

  /** It is not gathered here but passed on as it comes. */
  get streamed(): boolean {
    return false;
  }

  /** `chunk` is only borrowed: it is copied here. */
  push(chunk: ArrayBuffer, last: boolean): void {
    this.size += chunk.byteLength;
    if (this.size > this.limit) this.overflow();
    else if (last && this.chunks === null) this.bytes = copy(chunk);
    else if (chunk.byteLength > 0) (this.chunks ??= []).push(copy(chunk));
    if (!last) return;
    if (this.chunks !== null) this.bytes = Buffer.concat(this.chunks);
    this.chunks = null;
    this.complete = true;
    this.wake();
  }

  /** Whole body at once, for in-process callers. The buffer is kept, not copied. */
  set(bytes: Buffer): void {
    if (bytes.length > this.limit) this.overflow();
    else this.bytes = bytes;
    this.complete = true;
    this.wake();
  }

  // biome-ignore lint/suspicious/noThenProperty: being awaitable without a promise is the purpose of this class
  then(resume: () => void): void {
    if (this.complete || this.tooLarge) resume();
    else this.resume = resume;
  }

  /** It is known to be too large before it came. */
  refuse(): void {
    this.overflow();
  }

  /** Nobody wants it any longer: the bytes are let go. */
  clear(): void {
    this.bytes = EMPTY;
    this.chunks = null;
  }

  private overflow(): void {
    this.tooLarge = true;
    this.chunks = null;
    this.bytes = EMPTY;
    this.wake();
  }

  private wake(): void {
    const resume = this.resume;
    this.resume = null;
    resume?.();
  }
}

/** The error about a body over its limit. */
export function tooLarge(body: RequestBody): GatewayError {
  return gatewayError(body.streamed ? 'upload_too_large' : 'body_too_large', { limit: body.limit });
}

function copy(chunk: ArrayBuffer): Buffer {
  const kept = Buffer.allocUnsafe(chunk.byteLength);
  kept.set(new Uint8Array(chunk));
  return kept;
}
