import { asBuffer } from './as-buffer.js';
import { ByteHold } from './byte-hold.js';

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const TAB = 0x09;
const BYTE_ORDER_MARK = '\ufeff';

const DEFAULT_MAX_LINE_BYTES = 32 * 1024 * 1024;

/** The lines have no types, so `event` is always ''. */
export type OnLine = (event: string, line: string) => void;

export interface NdjsonLimits {
  /** Bytes that a line may have without its line end. Default 32 MiB. */
  readonly maxLineBytes?: number;
}

/** Thrown by `NdjsonSplitter.push` when a line is larger than allowed. The splitter is of no use afterwards. */
export class NdjsonLineTooLarge extends Error {
  override readonly name = 'NdjsonLineTooLarge';

  constructor(readonly maxLineBytes: number) {
    super(`the stream has a line of more than ${maxLineBytes} bytes`);
  }
}

/**
 * Reads newline-delimited JSON (https://github.com/ndjson/ndjson-spec) from chunks that may be cut at any byte. Lines end
 * in LF or CR LF; blank ones are read over, and `end` delivers a last line without its end. White space around a line is
 * left to the JSON parser. Calls back in the middle of `push`; what the callback throws goes through, and ends the
 * splitter's use.
 */
export class NdjsonSplitter {
  readonly #onLine: OnLine;
  readonly #maxLineBytes: number;
  /** The start of a line whose end has not come yet. */
  readonly #held = new ByteHold();
  #started = false;

  constructor(onLine: OnLine, limits: NdjsonLimits = {}) {
    this.#onLine = onLine;
    this.#maxLineBytes = limits.maxLineBytes ?? DEFAULT_MAX_LINE_BYTES;
  }

  push(bytes: Uint8Array): void {
    const chunk = asBuffer(bytes);
    let at = 0;
    for (let lf = chunk.indexOf(LF); lf !== -1; lf = chunk.indexOf(LF, at)) {
      if (this.#held.length > 0) {
        this.#hold(chunk, at, lf);
        const line = this.#held.take();
        this.#line(line, 0, line.length);
      } else this.#line(chunk, at, lf);
      at = lf + 1;
    }
    if (at < chunk.length) this.#hold(chunk, at, chunk.length);
  }

  /** The stream is over: delivers a line that still waits for its end. */
  end(): void {
    if (this.#held.length === 0) return;
    const line = this.#held.take();
    this.#line(line, 0, line.length);
  }

  /** One more than the limit may be held: it can be the CR of the line end. */
  #hold(chunk: Buffer, start: number, end: number): void {
    if (this.#held.length + (end - start) > this.#maxLineBytes + 1) throw this.#tooLarge();
    this.#held.append(chunk, start, end);
  }

  /** Takes in one line, which stands at [start, end) without its LF. */
  #line(bytes: Buffer, start: number, end: number): void {
    const stop = end > start && bytes[end - 1] === CR ? end - 1 : end;
    if (stop - start > this.#maxLineBytes) throw this.#tooLarge();
    const first = !this.#started;
    this.#started = true;
    if (isBlank(bytes, start, stop)) return;
    const line = bytes.toString('utf8', start, stop);
    if (!first || !line.startsWith(BYTE_ORDER_MARK)) this.#onLine('', line);
    else if (line.length > 1) this.#onLine('', line.slice(1));
  }

  #tooLarge(): NdjsonLineTooLarge {
    this.#held.take();
    return new NdjsonLineTooLarge(this.#maxLineBytes);
  }
}

function isBlank(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const byte = bytes[at];
    if (byte !== SPACE && byte !== TAB && byte !== CR) return false;
  }
  return true;
}
