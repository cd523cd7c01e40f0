import { asBuffer } from './as-buffer.js';
import { ByteHold } from './byte-hold.js';

const LF = 0x0a;

const DEFAULT_MAX_HELD_BYTES = 1024 * 1024;

const NO_BYTES = Buffer.alloc(0);

/** The offset just after the last line end of a chunk, 0 if there is none. CR LF ends in the same byte. */
export function lastLineEnd(bytes: Uint8Array): number {
  return asBuffer(bytes).lastIndexOf(LF) + 1;
}

/**
 * Cuts a byte stream of newline-delimited JSON so that what goes out ends between two lines: then a line of our own can
 * follow, should the upstream die. The bytes themselves are never changed. A line that outgrows the cap is let through in
 * pieces rather than held; `midEvent` says that the bytes let out so far end inside one.
 */
export class LineHold {
  midEvent = false;
  readonly #maxHeldBytes: number;
  readonly #held = new ByteHold();

  /** `maxHeldBytes` is by default 1 MiB. */
  constructor(maxHeldBytes = DEFAULT_MAX_HELD_BYTES) {
    this.#maxHeldBytes = maxHeldBytes;
  }

  /**
   * The bytes that may go out now, or null. They are the chunk itself or a part of it where nothing was held before,
   * which is the common case and copies nothing. What is kept back is copied: the chunk is the caller's again.
   */
  take(bytes: Uint8Array): Buffer | null {
    const chunk = asBuffer(bytes);
    if (chunk.length === 0) return null;
    const end = lastLineEnd(chunk);
    if (end > 0) {
      this.midEvent = false;
      if (chunk.length - end > this.#maxHeldBytes) return this.#letThrough(chunk);
      const whole = this.#release(chunk, end);
      if (end < chunk.length) this.#held.append(chunk, end, chunk.length);
      return whole;
    }
    if (this.midEvent || this.#held.length + chunk.length > this.#maxHeldBytes)
      return this.#letThrough(chunk);
    this.#held.append(chunk, 0, chunk.length);
    return null;
  }

  /** The bytes still held when the stream ends, a line without its end, or null. */
  rest(): Buffer | null {
    return this.#held.length > 0 ? this.#held.takeWith(NO_BYTES, 0) : null;
  }

  #release(chunk: Buffer, end: number): Buffer {
    if (this.#held.length > 0) return this.#held.takeWith(chunk, end);
    return end === chunk.length ? chunk : chunk.subarray(0, end);
  }

  #letThrough(chunk: Buffer): Buffer {
    this.midEvent = true;
    return this.#release(chunk, chunk.length);
  }
}
