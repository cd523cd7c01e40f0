const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;

/** A protobuf message in the making, https://protobuf.dev/programming-guides/encoding/. What has its default is the caller's to leave out. */
export class ProtobufWriter {
  private bytes = Buffer.allocUnsafeSlow(64 * 1024);
  private used = 0;

  /** What was written so far, a copy; the writer is empty then. */
  take(): Buffer {
    const message = Buffer.from(this.bytes.subarray(0, this.used));
    this.used = 0;
    return message;
  }

  /** A whole number of at least 0. */
  varint(field: number, value: number): void {
    this.tag(field, VARINT);
    this.raw(value);
  }

  double(field: number, value: number): void {
    this.tag(field, FIXED64);
    this.doubles([value]);
  }

  /** A whole number of at least 0, as fixed64. */
  fixed64(field: number, value: bigint): void {
    this.tag(field, FIXED64);
    this.room(8);
    this.used = this.bytes.writeBigUInt64LE(value, this.used);
  }

  string(field: number, text: string): void {
    this.blob(field, Buffer.from(text, 'utf8'));
  }

  blob(field: number, bytes: Uint8Array): void {
    this.tag(field, BYTES);
    this.raw(bytes.length);
    this.room(bytes.length);
    this.bytes.set(bytes, this.used);
    this.used += bytes.length;
  }

  /** Whole numbers of at least 0, packed as fixed64. */
  packedFixed64(field: number, values: ArrayLike<number>): void {
    this.tag(field, BYTES);
    this.raw(values.length * 8);
    this.room(values.length * 8);
    for (let i = 0; i < values.length; i++)
      this.used = this.bytes.writeBigUInt64LE(BigInt(values[i] as number), this.used);
  }

  packedDoubles(field: number, values: ArrayLike<number>): void {
    this.tag(field, BYTES);
    this.raw(values.length * 8);
    this.doubles(values);
  }

  /** A message within this one. Its length comes before it and is known after it: what was written moves by that much. */
  message(field: number, write: () => void): void {
    this.tag(field, BYTES);
    const start = this.used;
    write();
    const length = this.used - start;
    const header = varintSize(length);
    this.room(header);
    this.bytes.copyWithin(start + header, start, this.used);
    this.used = start;
    this.raw(length);
    this.used = start + header + length;
  }

  private doubles(values: ArrayLike<number>): void {
    this.room(values.length * 8);
    for (let i = 0; i < values.length; i++)
      this.used = this.bytes.writeDoubleLE(values[i] as number, this.used);
  }

  private tag(field: number, kind: number): void {
    this.raw(field * 8 + kind);
  }

  private raw(value: number): void {
    this.room(10);
    let rest = value;
    while (rest > 0x7f) {
      this.bytes[this.used++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.bytes[this.used++] = rest;
  }

  private room(bytes: number): void {
    if (this.used + bytes <= this.bytes.length) return;
    const larger = Buffer.allocUnsafeSlow((this.used + bytes) * 2);
    larger.set(this.bytes.subarray(0, this.used));
    this.bytes = larger;
  }
}

function varintSize(value: number): number {
  let size = 1;
  for (let rest = Math.floor(value / 0x80); rest > 0; rest = Math.floor(rest / 0x80)) size++;
  return size;
}
