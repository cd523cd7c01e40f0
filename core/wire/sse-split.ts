import { asBuffer } from './as-buffer.js';
import { ByteHold } from './byte-hold.js';

const LF = 0x0a;
const CR = 0x0d;
const COLON = 0x3a;
const SPACE = 0x20;
const BYTE_ORDER_MARK = Buffer.from('\ufeff');

const DATA = Buffer.from('data');
const EVENT = Buffer.from('event');

const NO_BYTES = Buffer.alloc(0);

const DEFAULT_MAX_EVENT_BYTES = 32 * 1024 * 1024;

/** An event type, empty when the stream named none, and the event's data lines joined by line feeds. */
export type OnEvent = (event: string, data: string) => void;

export interface SseLimits {
  /** Bytes of data, or of one line, that an event may have. Default 32 MiB. */
  readonly maxEventBytes?: number;
}

/** Thrown by `SseSplitter.push` when an event is larger than allowed. The splitter is of no use afterwards. */
export class SseEventTooLarge extends Error {
  override readonly name = 'SseEventTooLarge';

  constructor(readonly maxEventBytes: number) {
    super(`the event stream has an event of more than ${maxEventBytes} bytes`);
  }
}

/**
 * Reads Server-Sent Events from chunks that may be cut at any byte, by the rules of the WHATWG HTML standard (9.2.6), with
 * two differences: an event that the end of the stream cuts short of its blank line is delivered by `end`, since some
 * providers leave the blank line out, and an event without a type has the type '' instead of 'message'. `id` and `retry`
 * are read over. Calls back in the middle of `push`; what the callback throws goes through, and ends the splitter's use.
 */
export class SseSplitter {
  readonly #onEvent: OnEvent;
  readonly #maxEventBytes: number;
  /** The start of a line whose end has not come yet. */
  readonly #held = new ByteHold();
  #started = false;
  /** The last chunk ended in CR: a LF that comes now belongs to the same line end. */
  #afterCr = false;
  #lastType: Buffer = NO_BYTES;
  #lastTypeName = '';
  #event = '';
  #data = '';
  #dataBytes = 0;
  #hasData = false;

  constructor(onEvent: OnEvent, limits: SseLimits = {}) {
    this.#onEvent = onEvent;
    this.#maxEventBytes = limits.maxEventBytes ?? DEFAULT_MAX_EVENT_BYTES;
  }

  push(bytes: Uint8Array): void {
    const chunk = asBuffer(bytes);
    const length = chunk.length;
    if (length === 0) return;
    let at = this.#afterCr && chunk[0] === LF ? 1 : 0;
    this.#afterCr = false;
    // Each is looked for again only when passed, so that a stream without the one costs a single search a chunk.
    let lf = find(chunk, LF, at);
    let cr = find(chunk, CR, at);
    while (at < length) {
      if (lf < at) lf = find(chunk, LF, at);
      if (cr < at) cr = find(chunk, CR, at);
      const end = Math.min(lf, cr);
      if (end === length) {
        this.#hold(chunk, at, length);
        return;
      }
      if (this.#held.length > 0) {
        this.#hold(chunk, at, end);
        const line = this.#held.take();
        this.#line(line, 0, line.length);
      } else {
        this.#line(chunk, at, end);
      }
      at = end + 1;
      if (end === cr) {
        if (at === length) this.#afterCr = true;
        else if (chunk[at] === LF) at++;
      }
    }
  }

  /** The stream is over: delivers an event that still waits for its blank line. */
  end(): void {
    if (this.#held.length > 0) {
      const line = this.#held.take();
      this.#line(line, 0, line.length);
    }
    this.#dispatch();
  }

  #hold(chunk: Buffer, start: number, end: number): void {
    if (this.#dataBytes + this.#held.length + (end - start) > this.#maxEventBytes) throw this.#tooLarge();
    this.#held.append(chunk, start, end);
  }

  /** Takes in one line, which stands at [from, end) without its line end. */
  #line(bytes: Buffer, from: number, end: number): void {
    let start = from;
    if (!this.#started) {
      this.#started = true;
      if (startsWith(bytes, start, end, BYTE_ORDER_MARK)) start += BYTE_ORDER_MARK.length;
    }
    if (start === end) {
      this.#dispatch();
    } else if (isField(bytes, start, end, DATA)) {
      this.#addData(bytes, valueStart(bytes, start + DATA.length, end), end);
    } else if (isField(bytes, start, end, EVENT)) {
      this.#event = this.#typeName(bytes, valueStart(bytes, start + EVENT.length, end), end);
    }
  }

  /** Streams name the same type over and over: comparing with the last one costs a fifth of decoding it again. */
  #typeName(bytes: Buffer, start: number, end: number): string {
    const last = this.#lastType;
    if (end - start !== last.length || !startsWith(bytes, start, end, last)) {
      this.#lastType = Buffer.from(bytes.subarray(start, end));
      this.#lastTypeName = bytes.toString('utf8', start, end);
    }
    return this.#lastTypeName;
  }

  #addData(bytes: Buffer, start: number, end: number): void {
    this.#dataBytes += end - start + 1;
    if (this.#dataBytes > this.#maxEventBytes) throw this.#tooLarge();
    const text = bytes.toString('utf8', start, end);
    this.#data = this.#hasData ? `${this.#data}\n${text}` : text;
    this.#hasData = true;
  }

  #dispatch(): void {
    const event = this.#event;
    const data = this.#data;
    const hasData = this.#hasData;
    this.#event = '';
    this.#data = '';
    this.#dataBytes = 0;
    this.#hasData = false;
    if (hasData) this.#onEvent(event, data);
  }

  #tooLarge(): SseEventTooLarge {
    this.#held.take();
    return new SseEventTooLarge(this.#maxEventBytes);
  }
}

/** Where the byte comes next, or the chunk's length. */
function find(chunk: Buffer, byte: number, from: number): number {
  const at = chunk.indexOf(byte, from);
  return at < 0 ? chunk.length : at;
}

function startsWith(bytes: Buffer, start: number, end: number, prefix: Uint8Array): boolean {
  if (end - start < prefix.length) return false;
  for (let i = 0; i < prefix.length; i++) if (bytes[start + i] !== prefix[i]) return false;
  return true;
}

/** Whether the line's field name is `name`: a line without a colon is a name with an empty value. */
function isField(bytes: Buffer, start: number, end: number, name: Uint8Array): boolean {
  if (!startsWith(bytes, start, end, name)) return false;
  const after = start + name.length;
  return after === end || bytes[after] === COLON;
}

/** The value begins after the colon and one space, if there is one. */
function valueStart(bytes: Buffer, nameEnd: number, end: number): number {
  if (nameEnd === end) return end;
  const start = nameEnd + 1;
  return start < end && bytes[start] === SPACE ? start + 1 : start;
}
