import { exactUsd, usdText } from '../money.js';
import { bytesView, PIECE_SLACK, type Piece, putPiece } from './piece.js';

const NULL = Buffer.from('null');
const ZERO = 0x30;
const DOT = 0x2e;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const MOST_INT = 0x7fff_ffff;
/** Below it, a whole number divided by a billion is never rounded up to the next one. */
const MOST_PARTS = 1e15;
const START_BYTES = 128 * 1024;

/**
 * JSON text in the making, as bytes: a line has two dozen pieces, and strings put together from pieces cost more than
 * the pieces, first as garbage and then to be made flat.
 */
export class LineBuffer {
  private bytes = Buffer.allocUnsafeSlow(START_BYTES);
  private view = bytesView(this.bytes);
  private used = 0;

  /** Bytes that were written. */
  get length(): number {
    return this.used;
  }

  /** What was written so far; the buffer is empty then. */
  take(): string {
    const text = this.bytes.toString('utf8', 0, this.used);
    this.used = 0;
    return text;
  }

  /** Must come before writing that many bytes. */
  reserve(bytes: number): void {
    if (this.used + bytes + PIECE_SLACK <= this.bytes.length) return;
    const larger = Buffer.allocUnsafeSlow((this.used + bytes) * 2);
    larger.set(this.bytes.subarray(0, this.used));
    this.bytes = larger;
    this.view = bytesView(larger);
  }

  /** JSON that is there already, and comes often. */
  piece(piece: Piece): void {
    putPiece(this.view, this.used, piece);
    this.used += piece.length;
  }

  /** JSON that is there already. */
  raw(piece: Uint8Array): void {
    const { bytes } = this;
    let at = this.used;
    this.used = at + piece.length;
    if (piece.length > 64) bytes.set(piece, at);
    else for (let i = 0; i < piece.length; i++) bytes[at++] = piece[i]!;
  }

  /** A string with its quotes. Up to six bytes a character. */
  string(text: string): void {
    const { bytes } = this;
    let at = this.used;
    bytes[at++] = QUOTE;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code < 0x20 || code > 0x7e || code === QUOTE || code === BACKSLASH) {
        this.raw(Buffer.from(JSON.stringify(text)));
        return;
      }
      bytes[at++] = code;
    }
    bytes[at++] = QUOTE;
    this.used = at;
  }

  /** A count; null when it is no number. */
  count(value: number): void {
    if (value >= 0 && value <= MOST_INT && Math.floor(value) === value) this.int(value);
    else if (value > MOST_INT && value <= MOST_PARTS && Math.floor(value) === value) {
      const high = Math.floor(value / 1e9);
      this.int(high);
      this.digits(value - high * 1e9, 1e8);
    } else this.ascii(Number.isFinite(value) ? String(value) : 'null');
  }

  /** A duration, to three decimals. What is no duration is null. */
  duration(value: number | null): void {
    if (value === null || !(value >= 0 && value < 1e12)) {
      this.raw(NULL);
      return;
    }
    const thousandths = Math.round(value * 1000);
    const whole = Math.floor(thousandths / 1000);
    this.count(whole);
    this.fraction(thousandths - whole * 1000, 100);
  }

  /** Dollars, as `usdText` writes them. */
  usd(nano: number): void {
    const whole = Math.floor(nano / 1e9);
    if (whole >= 0 && whole <= MOST_INT) {
      this.int(whole);
      this.fraction(nano - whole * 1e9, 1e8);
    } else this.ascii(usdText(nano));
  }

  /** Dollars, as `exactUsd` writes them. */
  exactUsd(nano: number): void {
    if (!(nano >= 0 && nano <= MOST_PARTS)) {
      this.ascii(exactUsd(BigInt(nano)));
      return;
    }
    const whole = Math.floor(nano / 1e9);
    this.int(whole);
    this.bytes[this.used++] = DOT;
    this.digits(nano - whole * 1e9, 1e8);
  }

  /** Exactly three digits. */
  threeDigits(value: number): void {
    this.digits(value | 0, 100);
  }

  private ascii(text: string): void {
    this.used += this.bytes.write(text, this.used, 'latin1');
  }

  private int(value: number): void {
    let unit = 1;
    while (value >= unit * 10) unit *= 10;
    this.digits(value | 0, unit);
  }

  /** Nothing for 0; no trailing zeros. `unit` is that of the first decimal. */
  private fraction(value: number, unit: number): void {
    if (value === 0) return;
    this.bytes[this.used++] = DOT;
    this.digits(value | 0, unit);
    while (this.bytes[this.used - 1] === ZERO) this.used--;
  }

  private digits(value: number, unit: number): void {
    let rest = value;
    for (let of = unit | 0; of > 0; of = (of / 10) | 0) {
      const digit = (rest / of) | 0;
      this.bytes[this.used++] = ZERO + digit;
      rest -= digit * of;
    }
  }
}
