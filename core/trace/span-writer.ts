import type { SpanAttributes, SpanValue } from '@headgate/sdk';
import type { Span } from './span.js';

/** Room for the length of a large message that is not known before it is written: a varint may have more bytes than it needs. */
const LENGTH_BYTES = 4;
/** The longest text that is written byte by byte, which costs less than two calls of native code. */
const SHORT_TEXT = 64;
/** More names of attributes than there are. */
const MOST_NAMES = 1000;

/**
 * Spans as an `ExportTraceServiceRequest` of OTLP 1.x, protobuf, with the numbers of its fields:
 * https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto. Written by hand since
 * a request has three spans with a dozen attributes each, and the libraries take some 20 microseconds a span.
 */
export class SpanWriter {
  private bytes = Buffer.allocUnsafeSlow(64 * 1024);
  private used = 0;
  /** `KeyValue.key` with its tag and length, by name. */
  private readonly names = new Map<string, Buffer>();

  /** @param scope what made the spans */
  write(spans: Iterable<Span>, resource: SpanAttributes, scope: string): Buffer {
    this.used = 0;
    const resourceSpans = this.begin(1);
    const described = this.begin(1);
    for (const [name, value] of Object.entries(resource)) this.attribute(1, name, value);
    this.end(described);
    const scopeSpans = this.begin(2);
    const scoped = this.begin(1);
    this.string(1, scope);
    this.end(scoped);
    for (const span of spans) this.span(span);
    this.end(scopeSpans);
    this.end(resourceSpans);
    return Buffer.from(this.bytes.subarray(0, this.used));
  }

  private span(span: Span): void {
    const at = this.begin(2);
    this.hex(1, span.traceId);
    this.hex(2, span.spanId);
    if (span.parentId !== null) this.hex(4, span.parentId);
    this.string(5, span.name);
    this.room(32);
    this.bytes[this.used++] = (6 << 3) | 0;
    this.bytes[this.used++] = span.kind;
    this.nanos(7, span.startUs);
    this.nanos(8, span.endUs);
    const { attributes } = span;
    for (let i = 0; i < attributes.length; i += 2)
      this.attribute(9, attributes[i] as string, attributes[i + 1]);
    if (span.error !== null) {
      const status = this.begin(15);
      this.string(2, span.error);
      this.room(2);
      this.bytes[this.used++] = (3 << 3) | 0;
      this.bytes[this.used++] = 2;
      this.end(status);
    }
    this.end(at);
  }

  /** A `KeyValue`. */
  private attribute(field: number, name: string, value: SpanValue): void {
    if (value === undefined) return;
    const key = this.name(name);
    const at = this.beginShort(field);
    this.room(key.length + 32);
    const { bytes } = this;
    let { used } = this;
    for (let i = 0; i < key.length; i++) bytes[used++] = key[i]!;
    this.used = used;
    const inner = this.beginShort(2);
    this.any(value);
    this.endShort(inner);
    this.endShort(at);
  }

  /** What an `AnyValue` holds. */
  private any(value: Exclude<SpanValue, undefined>): void {
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
      const list = this.begin(5);
      for (const one of value) {
        const item = this.begin(1);
        this.string(1, one);
        this.end(item);
      }
      this.end(list);
    }
  }

  private name(name: string): Buffer {
    let bytes = this.names.get(name);
    if (bytes === undefined) {
      const text = Buffer.from(name, 'utf8');
      const length: number[] = [];
      for (let rest = text.length; ; rest >>>= 7) {
        if (rest < 0x80) {
          length.push(rest);
          break;
        }
        length.push((rest & 0x7f) | 0x80);
      }
      bytes = Buffer.from([0x0a, ...length, ...text]);
      if (this.names.size >= MOST_NAMES) this.names.clear();
      this.names.set(name, bytes);
    }
    return bytes;
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

  private hex(field: number, digits: string): void {
    this.room(20);
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
  private begin(field: number): number {
    this.room(LENGTH_BYTES + 2);
    this.bytes[this.used++] = (field << 3) | 2;
    const at = this.used;
    this.used += LENGTH_BYTES;
    return at;
  }

  private end(at: number): void {
    const length = this.used - at - LENGTH_BYTES;
    this.bytes[at] = (length & 0x7f) | 0x80;
    this.bytes[at + 1] = ((length >>> 7) & 0x7f) | 0x80;
    this.bytes[at + 2] = ((length >>> 14) & 0x7f) | 0x80;
    this.bytes[at + 3] = (length >>> 21) & 0x7f;
  }

  /** The same for what is likely to have less than 128 bytes, whose length is one of them. */
  private beginShort(field: number): number {
    this.room(2);
    this.bytes[this.used++] = (field << 3) | 2;
    return this.used++;
  }

  private endShort(at: number): void {
    const length = this.used - at - 1;
    if (length < 0x80) {
      this.bytes[at] = length;
      return;
    }
    this.room(LENGTH_BYTES);
    this.bytes.copyWithin(at + LENGTH_BYTES, at + 1, this.used);
    this.used += LENGTH_BYTES - 1;
    this.end(at);
  }

  private room(bytes: number): void {
    if (this.used + bytes <= this.bytes.length) return;
    const larger = Buffer.allocUnsafeSlow((this.used + bytes) * 2);
    larger.set(this.bytes.subarray(0, this.used));
    this.bytes = larger;
  }
}

/** Of a hexadecimal digit in small letters. */
function digitOf(code: number): number {
  return code < 0x3a ? code - 0x30 : code - 0x57;
}
