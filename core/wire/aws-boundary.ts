import { asBuffer } from './as-buffer.js';
import { PRELUDE_BYTES, preludeFault } from './aws-eventstream.js';
import { ByteHold } from './byte-hold.js';

const DEFAULT_MAX_HELD_BYTES = 1024 * 1024;

const NO_BYTES = Buffer.alloc(0);

/**
 * Cuts a byte stream of AWS's messages so that what goes out ends between two of them: then a message of our own can
 * follow, should the upstream die. The bytes themselves are never changed. A message that outgrows the cap is let through
 * in pieces rather than held, and so is everything after bytes that are no message; `midEvent` says that what was let out
 * so far ends inside one.
 */
export class MessageHold {
  midEvent = false;
  readonly #maxHeldBytes: number;
  readonly #held = new ByteHold();
  /** Bytes that the message held, or being let through, still lacks; 0 between messages and while it has no prelude. */
  #missing = 0;
  /** What came is no event stream: no boundary will be found any more. */
  #lost = false;

  /** `maxHeldBytes` is by default 1 MiB, and never less than a prelude. */
  constructor(maxHeldBytes = DEFAULT_MAX_HELD_BYTES) {
    this.#maxHeldBytes = Math.max(PRELUDE_BYTES, maxHeldBytes);
  }

  /**
   * The bytes that may go out now, or null. They are the chunk itself or a part of it where nothing was held before,
   * which is the common case and copies nothing. What is kept back is copied: the chunk is the caller's again.
   */
  take(bytes: Uint8Array): Buffer | null {
    const chunk = asBuffer(bytes);
    if (chunk.length === 0) return null;
    const end = this.#wholeMessagesEnd(chunk);
    if (this.#lost || this.midEvent) return this.#release(chunk, chunk.length);
    const rest = chunk.length - Math.max(0, end);
    const before = end < 0 ? this.#held.length : 0;
    if (this.#missing > 0 && before + rest + this.#missing > this.#maxHeldBytes) {
      this.midEvent = true;
      return this.#release(chunk, chunk.length);
    }
    const whole = end < 0 ? null : this.#release(chunk, end);
    if (rest > 0) this.#held.append(chunk, Math.max(0, end), chunk.length);
    return whole;
  }

  /** The bytes still held when the stream ends, a message cut short, or null. */
  rest(): Buffer | null {
    return this.#held.length > 0 ? this.#held.takeWith(NO_BYTES, 0) : null;
  }

  /**
   * How far into the chunk whole messages reach, counting what came before it; negative when the message that began
   * before the chunk does not end in it. Sets `#missing` for what follows.
   */
  #wholeMessagesEnd(chunk: Buffer): number {
    if (this.#lost) return -1;
    let at = 0;
    if (this.#missing > 0) {
      at = this.#missing;
      if (at > chunk.length) {
        this.#missing -= chunk.length;
        return -1;
      }
      this.#missing = 0;
      this.midEvent = false;
    } else if (this.#held.length > 0) {
      const held = this.#held.length;
      if (held + chunk.length < PRELUDE_BYTES) return -1;
      const head = Buffer.concat([this.#held.lastBytes(held), chunk.subarray(0, PRELUDE_BYTES - held)]);
      at = this.#lengthAt(head, 0) - held;
      if (this.#lost) return -1;
      if (at > chunk.length) {
        this.#missing = at - chunk.length;
        return -1;
      }
    }
    while (chunk.length - at >= PRELUDE_BYTES) {
      const length = this.#lengthAt(chunk, at);
      if (this.#lost) return at;
      if (length > chunk.length - at) {
        this.#missing = length - (chunk.length - at);
        return at;
      }
      at += length;
    }
    return at;
  }

  #lengthAt(bytes: Buffer, at: number): number {
    if (preludeFault(bytes, at) === undefined) return bytes.readUInt32BE(at);
    this.#lost = true;
    this.midEvent = true;
    return 0;
  }

  #release(chunk: Buffer, end: number): Buffer | null {
    if (this.#held.length > 0) return this.#held.takeWith(chunk, end);
    if (end === 0) return null;
    return end === chunk.length ? chunk : chunk.subarray(0, end);
  }
}
