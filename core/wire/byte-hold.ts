const FIRST_CAPACITY = 1024;

/** Storage above this is given back after use, so that one huge event does not stay in memory as long as its stream. */
const KEPT_CAPACITY = 64 * 1024;

const NO_BYTES = Buffer.alloc(0);

/**
 * Bytes kept from one chunk to the next. They are copied in, so the owner of a chunk may use it again; room doubles when
 * it runs out, so many small pieces of one long line cost time in proportion to its length.
 */
export class ByteHold {
  /** How many bytes are held. */
  length = 0;
  #store: Buffer = NO_BYTES;

  append(chunk: Uint8Array, start: number, end: number): void {
    const length = this.length + end - start;
    if (length > this.#store.length) this.#grow(length);
    this.#store.set(chunk.subarray(start, end), this.length);
    this.length = length;
  }

  /** Up to `count` bytes from the end, still held; good until the next call. */
  lastBytes(count: number): Buffer {
    return this.#store.subarray(Math.max(0, this.length - count), this.length);
  }

  /** Empties the hold and gives what was in it. Only good until the next `append`: the same storage takes that. */
  take(): Buffer {
    const held = this.#store.subarray(0, this.length);
    this.#clear();
    return held;
  }

  /** Empties the hold and gives what was in it and after it the chunk's bytes up to `end`, in a Buffer of their own. */
  takeWith(chunk: Uint8Array, end: number): Buffer {
    const joined = Buffer.allocUnsafe(this.length + end);
    joined.set(this.#store.subarray(0, this.length));
    joined.set(chunk.subarray(0, end), this.length);
    this.#clear();
    return joined;
  }

  #clear(): void {
    this.length = 0;
    if (this.#store.length > KEPT_CAPACITY) this.#store = NO_BYTES;
  }

  #grow(needed: number): void {
    const wider = Buffer.allocUnsafeSlow(Math.max(needed, this.#store.length * 2, FIRST_CAPACITY));
    wider.set(this.#store.subarray(0, this.length));
    this.#store = wider;
  }
}
