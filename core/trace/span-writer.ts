import type { SpanAttributes, SpanValue } from '@headgate/sdk';
import { bytesView, PIECE_SLACK, type Piece, putPiece } from '../observe/piece.js';
import { AttributeName } from './attribute-name.js';
import type { SpanHead, SpanTarget } from './span-target.js';

/** Room for the length of a large message that is not known before it is written: a varint may have more bytes than it needs. */
const LENGTH_BYTES = 4;
/** The longest text that is written byte by byte, which costs less than two calls of native code. */
const SHORT_TEXT = 64;
/** More names than sinks have of their own. */
const MOST_NAMES = 1000;
/** The most that four bytes of seven bits say. */
const MOST_SMALL = 0x0fff_ffff;
/** The most that one byte says as a length. */
const ONE_BYTE = 0x7f;
/** Tag of `Span.attributes`. */
const ATTRIBUTE = (9 << 3) | 2;

/**
 * Spans as an `ExportTraceServiceRequest` of OTLP 1.x, protobuf, with the numbers of its fields:
 * https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto. Written by hand since
 * a request has three spans with a dozen attributes each, and the libraries take some 20 microseconds a span.
 */
export class SpanWriter implements SpanTarget {
  private bytes = Buffer.allocUnsafeSlow(64 * 1024);
  private view = bytesView(this.bytes);
  private used = 0;
  /** Where the lengths of what contains spans go. */
  private resourceSpans = 0;
  private scopeSpans = 0;
  private span = 0;
  private readonly names = new Map<string, AttributeName>();
  /** Of the span before: spans of a request have one trace, and one parent. */
  private readonly trace = { digits: '', words: new Int32Array(4) };
  private readonly parent = { digits: '', words: new Int32Array(2) };

  /** Begins a message. @param scope what makes the spans */
  start(resource: SpanAttributes, scope: string): void {
    this.used = 0;
    this.resourceSpans = this.open(1);
    const described = this.open(1);
    for (const [name, value] of Object.entries(resource)) {
      if (value === undefined) continue;
      const at = this.open(1);
      this.piece(this.named(name).key);
      this.value(value);
      this.close(at);
    }
    this.close(described);
    this.scopeSpans = this.open(2);
    const scoped = this.open(1);
    this.string(1, scope);
    this.close(scoped);
  }

  /** The message with the spans since `start`. */
  take(): Buffer {
    this.close(this.scopeSpans);
    this.close(this.resourceSpans);
    return Buffer.from(this.bytes.subarray(0, this.used));
  }

  begin({ traceId, spanId, parentId, name, kind, startUs, endUs }: SpanHead): void {
    this.span = this.open(2);
    this.room(64);
    this.id(1, traceId, this.trace);
    this.hex(2, spanId);
    if (parentId !== null) this.id(4, parentId, this.parent);
    this.string(5, name);
    this.room(32);
    this.bytes[this.used++] = (6 << 3) | 0;
    this.bytes[this.used++] = kind;
    this.nanos(7, startUs);
    this.nanos(8, endUs);
  }

  end(error: string | null): void {
    if (error !== null) {
      const status = this.open(15);
      this.string(2, error);
      this.room(2);
      this.bytes[this.used++] = (3 << 3) | 0;
      this.bytes[this.used++] = 2;
      this.close(status);
    }
    this.close(this.span);
  }

  text(name: AttributeName, text: string): void {
    const known = name.find(text);
    if (known !== undefined) this.piece(known);
    else this.kept(name, text, text);
  }

  number(name: AttributeName, value: number): void {
    if (value >= 0 && value <= MOST_SMALL && Math.floor(value) === value) this.small(name, value);
    else this.any(name, value);
  }

  flag(name: AttributeName, value: boolean): void {
    this.any(name, value);
  }

  texts(name: AttributeName, value: readonly string[]): void {
    const [first] = value;
    const known = value.length === 1 ? name.find(first as string) : undefined;
    if (known !== undefined) this.piece(known);
    else if (value.length === 1) this.kept(name, first as string, value);
    else this.any(name, value);
  }

  other(name: string, value: Exclude<SpanValue, undefined>): void {
    if (typeof value === 'string') this.text(this.named(name), value);
    else this.any(this.named(name), value);
  }

  private named(name: string): AttributeName {
    let found = this.names.get(name);
    if (found === undefined) {
      found = new AttributeName(name);
      if (this.names.size >= MOST_NAMES) this.names.clear();
      this.names.set(name, found);
    }
    return found;
  }

  /** Written now, and remembered for the next time. @param text what it is found by */
  private kept(name: AttributeName, text: string, value: string | readonly string[]): void {
    const from = this.used;
    this.any(name, value);
    if (name.wants(text)) name.keep(text, this.bytes.subarray(from, this.used));
  }

  private any({ key }: AttributeName, value: Exclude<SpanValue, undefined>): void {
    const at = this.openShort(9);
    this.piece(key);
    this.value(value);
    this.closeShort(at);
  }

  /** A count of up to four bytes: all lengths are known before. */
  private small({ key }: AttributeName, value: number): void {
    const size = value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x20_0000 ? 3 : 4;
    const length = key.length + 3 + size;
    this.room(length + 4);
    const { bytes } = this;
    bytes[this.used++] = ATTRIBUTE;
    if (length > ONE_BYTE) bytes[this.used++] = (length & ONE_BYTE) | 0x80;
    bytes[this.used++] = length > ONE_BYTE ? length >>> 7 : length;
    this.piece(key);
    this.bytes[this.used++] = (2 << 3) | 2;
    this.bytes[this.used++] = size + 1;
    this.bytes[this.used++] = 3 << 3;
    this.varint(value);
  }

  private piece(piece: Piece): void {
    this.room(piece.length + PIECE_SLACK);
    putPiece(this.view, this.used, piece);
    this.used += piece.length;
  }

  /** The `value` of a `KeyValue`. */
  private value(value: Exclude<SpanValue, undefined>): void {
    const inner = this.openShort(2);
    this.insideOf(value);
    this.closeShort(inner);
  }

  /** What an `AnyValue` holds. */
  private insideOf(value: Exclude<SpanValue, undefined>): void {
    this.room(16);
    if (typeof value === 'string') this.string(1, value);
    else if (typeof value === 'boolean') {
      this.bytes[this.used++] = 2 << 3;
      this.bytes[this.used++] = value ? 1 : 0;
    } else if (typeof value === 'number') {
      if (Number.isSafeInteger(value) && value >= 0) {
        this.bytes[this.used++] = 3 << 3;
        this.varint(value);
      } else {
        this.bytes[this.used++] = (4 << 3) | 1;
        this.used = this.bytes.writeDoubleLE(value, this.used);
      }
    } else {
      const list = this.open(5);
      for (const one of value) {
        const item = this.open(1);
        this.string(1, one);
        this.close(item);
      }
      this.close(list);
    }
  }

  private string(field: number, text: string): void {
    if (text.length <= SHORT_TEXT && this.ascii(field, text)) return;
    const length = Buffer.byteLength(text);
    this.room(length + 8);
    this.bytes[this.used++] = (field << 3) | 2;
    this.varint(length);
    this.used += this.bytes.write(text, this.used, length, 'utf8');
  }

  /** A short text, whose length is one byte; false when it has other letters than those of ASCII, and nothing is written. */
  private ascii(field: number, text: string): boolean {
    const { length } = text;
    this.room(length + 2);
    const { bytes } = this;
    let used = this.used + 2;
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code > 0x7f) return false;
      bytes[used++] = code;
    }
    bytes[this.used] = (field << 3) | 2;
    bytes[this.used + 1] = length;
    this.used = used;
    return true;
  }

  /** An id that is likely to be that of the span before. */
  private id(field: number, digits: string, last: { digits: string; readonly words: Int32Array }): void {
    const { words } = last;
    if (digits !== last.digits) {
      this.hex(field, digits);
      last.digits = digits;
      const from = this.used - digits.length / 2;
      for (let i = 0; i < words.length; i++) words[i] = this.view.getInt32(from + 4 * i, true);
      return;
    }
    this.bytes[this.used++] = (field << 3) | 2;
    this.bytes[this.used++] = 4 * words.length;
    for (let i = 0; i < words.length; i++, this.used += 4) this.view.setInt32(this.used, words[i]!, true);
  }

  private hex(field: number, digits: string): void {
    const { bytes } = this;
    let { used } = this;
    bytes[used++] = (field << 3) | 2;
    bytes[used++] = digits.length / 2;
    for (let i = 0; i < digits.length; i += 2)
      bytes[used++] = (digitOf(digits.charCodeAt(i)) << 4) | digitOf(digits.charCodeAt(i + 1));
    this.used = used;
  }

  /** Microseconds as nanoseconds in a fixed64, which has more digits than a number. */
  private nanos(field: number, us: number): void {
    this.bytes[this.used++] = (field << 3) | 1;
    const low = (us % 2 ** 32) * 1000;
    const high = Math.floor(us / 2 ** 32) * 1000 + Math.floor(low / 2 ** 32);
    this.fixed32(low % 2 ** 32);
    this.fixed32(high);
  }

  private fixed32(value: number): void {
    this.bytes[this.used++] = value;
    this.bytes[this.used++] = value >>> 8;
    this.bytes[this.used++] = value >>> 16;
    this.bytes[this.used++] = value >>> 24;
  }

  private varint(value: number): void {
    let rest = value;
    while (rest > 0x7f) {
      this.bytes[this.used++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.bytes[this.used++] = rest;
  }

  /** A message of that field begins; returns where its length goes. */
  private open(field: number): number {
    this.room(LENGTH_BYTES + 2);
    this.bytes[this.used++] = (field << 3) | 2;
    const at = this.used;
    this.used += LENGTH_BYTES;
    return at;
  }

  private close(at: number): void {
    const length = this.used - at - LENGTH_BYTES;
    this.bytes[at] = (length & 0x7f) | 0x80;
    this.bytes[at + 1] = ((length >>> 7) & 0x7f) | 0x80;
    this.bytes[at + 2] = ((length >>> 14) & 0x7f) | 0x80;
    this.bytes[at + 3] = (length >>> 21) & 0x7f;
  }

  /** The same for what is likely to have less than 128 bytes, whose length is one of them. */
  private openShort(field: number): number {
    this.room(2);
    this.bytes[this.used++] = (field << 3) | 2;
    return this.used++;
  }

  private closeShort(at: number): void {
    const length = this.used - at - 1;
    if (length < 0x80) {
      this.bytes[at] = length;
      return;
    }
    this.room(LENGTH_BYTES);
    this.bytes.copyWithin(at + LENGTH_BYTES, at + 1, this.used);
    this.used += LENGTH_BYTES - 1;
    this.close(at);
  }

  private room(bytes: number): void {
    if (this.used + bytes <= this.bytes.length) return;
    const larger = Buffer.allocUnsafeSlow((this.used + bytes) * 2);
    larger.set(this.bytes.subarray(0, this.used));
    this.bytes = larger;
    this.view = bytesView(larger);
  }
}

/** Of a hexadecimal digit in small letters: without a branch, since nobody can foresee which it is. */
function digitOf(code: number): number {
  return (code & 0xf) + 9 * (code >> 6);
}
