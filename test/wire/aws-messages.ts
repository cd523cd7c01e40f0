import fc from 'fast-check';

/** A writer of AWS's messages with nothing in common with ours: lists of numbers, and a CRC bit by bit. */

export interface ReferenceHeader {
  name: string;
  type: number;
  value: readonly number[];
}

function crc(bytes: readonly number[]): number {
  let sum = 0xffffffff;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1;
  }
  return ~sum >>> 0;
}

function big(value: number, bytes: number): number[] {
  return Array.from({ length: bytes }, (_, i) => Math.floor(value / 256 ** (bytes - 1 - i)) % 256);
}

export function referenceMessage(headers: readonly ReferenceHeader[], payload: Uint8Array): Buffer {
  const block = headers.flatMap(({ name, type, value }) => {
    const sized = type === 6 || type === 7 ? [...big(value.length, 2), ...value] : value;
    return [name.length, ...Buffer.from(name, 'latin1'), type, ...sized];
  });
  const lengths = [...big(16 + block.length + payload.length, 4), ...big(block.length, 4)];
  const message = [...lengths, ...big(crc(lengths), 4), ...block, ...payload];
  return Buffer.from([...message, ...big(crc(message), 4)]);
}

export function stringHeader(name: string, value: string): ReferenceHeader {
  return { name, type: 7, value: [...Buffer.from(value)] };
}

/** What a message is to be read as, beside its bytes. */
export interface Sample {
  bytes: Buffer;
  event: string;
  data: string;
}

export function sample(
  kind: 'event' | 'exception',
  type: string,
  data: string,
  extra: ReferenceHeader[] = [],
): Sample {
  const headers = [
    ...extra,
    stringHeader(kind === 'event' ? ':event-type' : ':exception-type', type),
    stringHeader(':content-type', 'application/json'),
    stringHeader(':message-type', kind),
  ];
  const event = kind === 'event' ? type : `exception:${type}`;
  return { bytes: referenceMessage(headers, Buffer.from(data)), event, data };
}

/** Every type of value there is: true, false, byte, short, int, long, bytes, string, timestamp, UUID. */
const SIZES = [0, 0, 1, 2, 4, 8, -1, -1, 8, 16];
const header = fc
  .record({
    type: fc.integer({ min: 0, max: 9 }),
    name: fc.stringMatching(/^[a-z-]{1,12}$/),
    value: fc.array(fc.nat(255), { minLength: 16, maxLength: 20 }),
  })
  .map(({ type, name, value }) => {
    const size = SIZES[type] as number;
    return { type, name, value: size < 0 ? value : value.slice(0, size) };
  });

export const samples: fc.Arbitrary<Sample[]> = fc.array(
  fc
    .record({
      kind: fc.constantFrom('event' as const, 'event' as const, 'exception' as const),
      type: fc.constantFrom('contentBlockDelta', 'messageStop', 'throttlingException', 'x'),
      data: fc.oneof(fc.string({ unit: 'grapheme', maxLength: 40 }), fc.json()),
      extra: fc.array(header, { maxLength: 3 }),
    })
    .map(({ kind, type, data, extra }) => sample(kind, type, data, extra)),
  { maxLength: 4 },
);

export function joined(all: readonly Sample[]): Buffer {
  return Buffer.concat(all.map((one) => one.bytes));
}
