import { asBuffer } from './as-buffer.js';
import { ByteHold } from './byte-hold.js';

const LF = 0x0a;
const CR = 0x0d;

const DEFAULT_MAX_HELD_BYTES = 1024 * 1024;

/**
 * What a boundary that lies across two chunks can need of each, where neither shows one alone: the end of a line end and
 * half a CR LF of the first, LF or CR LF, or a CR with the byte that decides about it, of the second.
 */
const ACROSS = 2;

const NO_BYTES = Buffer.alloc(0);

/**
 * The offset just after the last blank line of a chunk of Server-Sent Events, 0 if there is none: so many bytes are made
 * of whole events, if the chunk starts one. A lone CR that ends the chunk after a LF is left out, as it may be half of a
 * CR LF. Looks at four bytes when the chunk ends with an event, as most do.
 */
export function lastEventEnd(bytes: Uint8Array): number {
  const chunk = asBuffer(bytes);
  if (endsBlankLine(chunk, chunk.length)) return chunk.length;
  const byLf = lastBlankLine(chunk, LF, 0);
  return lastBlankLine(chunk, CR, byLf);
}

/** The end of the last blank line that `lineEnd` closes, or `floor` if none is after that. */
function lastBlankLine(chunk: Buffer, lineEnd: number, floor: number): number {
  let at = chunk.lastIndexOf(lineEnd);
  while (at >= floor && at > 0) {
    if (endsBlankLine(chunk, at + 1)) return at + 1;
    at = chunk.lastIndexOf(lineEnd, at - 1);
  }
  return floor;
}

/** Whether a blank line ends exactly at `end`: a line end (LF, CR LF or CR) with another one right before it. */
function endsBlankLine(chunk: Buffer, end: number): boolean {
  if (end < 2) return false;
  const last = chunk[end - 1];
  if (last === LF) {
    const before = chunk[end - 2];
    if (before === LF) return true;
    return before === CR && end > 2 && isLineEnd(chunk[end - 3]);
  }
  if (last !== CR) return false;
  if (end < chunk.length) return chunk[end] !== LF && isLineEnd(chunk[end - 2]);
  return chunk[end - 2] === CR;
}

function isLineEnd(byte: number | undefined): boolean {
  return byte === LF || byte === CR;
}

/**
 * Cuts a byte stream of Server-Sent Events so that what goes out ends between two events: then an event of our own can
 * follow, should the upstream die. The bytes themselves are never changed. An event that outgrows the cap is let through
 * in pieces rather than held; `midEvent` says that the bytes let out so far end inside one.
 */
export class EventHold {
  midEvent = false;
  readonly #maxHeldBytes: number;
  readonly #held = new ByteHold();
  /** The last bytes let out, kept only while `midEvent`: the boundary may begin in them. */
  #passed: Buffer = NO_BYTES;

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
    const end = this.#wholeEventsEnd(chunk);
    if (end >= 0) {
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

  /** The bytes still held when the stream ends, an event without its blank line, or null. */
  rest(): Buffer | null {
    return this.#held.length > 0 ? this.#held.takeWith(NO_BYTES, 0) : null;
  }

  /** How far into the chunk whole events reach, counting what is held before it; negative if no boundary has come. */
  #wholeEventsEnd(chunk: Buffer): number {
    const end = lastEventEnd(chunk);
    if (end > 0) return end;
    if (this.midEvent) return crossingEnd(this.#passed, chunk);
    if (this.#held.length > 0) return crossingEnd(this.#held.lastBytes(ACROSS), chunk);
    // Between events a line end is a blank line already: keep-alives of some servers, or the LF of a CR let out before.
    return leadingLineEnds(chunk);
  }

  #release(chunk: Buffer, end: number): Buffer | null {
    if (this.#held.length > 0) return this.#held.takeWith(chunk, end);
    if (end === 0) return null;
    return end === chunk.length ? chunk : chunk.subarray(0, end);
  }

  #letThrough(chunk: Buffer): Buffer | null {
    const before = this.midEvent ? this.#passed : this.#held.lastBytes(ACROSS);
    this.#passed = Buffer.concat([before, chunk.subarray(-ACROSS)]).subarray(-ACROSS);
    this.midEvent = true;
    return this.#release(chunk, chunk.length);
  }
}

/** The end of a blank line that begins before the chunk, as an offset in the chunk, 0 to 2; negative if there is none. */
function crossingEnd(before: Buffer, chunk: Buffer): number {
  const end = lastEventEnd(Buffer.concat([before, chunk.subarray(0, ACROSS)]));
  return end === 0 ? -1 : end - before.length;
}

/** The offset after the line ends that a chunk begins with, or -1 if it begins with none. */
function leadingLineEnds(chunk: Buffer): number {
  let end = 0;
  while (end < chunk.length && isLineEnd(chunk[end])) end++;
  return end === 0 ? -1 : end;
}
