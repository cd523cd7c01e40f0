import { crc32 } from 'node:zlib';
import type { SqlRow } from './ledger-sql.js';
import { GROUP_COLUMNS, SUM_COLUMNS } from './usage-columns.js';

export type Numbers = Uint8Array | Uint16Array | Uint32Array | Float64Array;

/** What requests have in common, of many sums: the values that occur, and which one each row has; null: all the first. */
export interface ValueColumn {
  readonly values: readonly string[];
  readonly at: Numbers | null;
}

/** Sums of quarters of an hour, by column. */
export interface UsageColumns {
  readonly rows: number;
  /** The quarter of each row, from the first quarter of the block on; null: all the first. */
  readonly slots: Numbers | null;
  /** In the order of `GROUP_COLUMNS`. */
  readonly values: readonly ValueColumn[];
  /** In the order of `SUM_COLUMNS`; null: all zero. Of the cost, what is below `COST_UNIT`. */
  readonly sums: readonly (Numbers | null)[];
  /** Of the cost, whole `COST_UNIT`s. */
  readonly costHigh: Numbers | null;
}

/** A double holds twice as much exactly, so that two parts can be added. */
export const COST_UNIT = 2 ** 52;

const LAYOUT = 1;
/** Layout, checksum of what follows, length of the head. */
const START = 12;

interface Head {
  readonly rows: number;
  /** Bytes of the lists of values. */
  readonly values: readonly number[];
  /** Bytes of a number in each column: quarters, values, sums, the high part of the cost; 0: there is none. */
  readonly widths: readonly number[];
}

/**
 * Columns of rows that begin with the quarter, then have what requests have in common and the sums, as the tables do.
 *
 * @param start the first quarter that may be there
 */
export function columnsOf(rows: readonly SqlRow[], start: number): UsageColumns {
  const first = 1 + GROUP_COLUMNS.length;
  const cost = rows.map((row) => costParts(row[first + SUM_COLUMNS.length - 1] as number | bigint));
  return {
    rows: rows.length,
    slots: packed(rows.map(([slot]) => Number(slot) - start)),
    values: GROUP_COLUMNS.map((_, i) => valuesOf(rows, 1 + i)),
    sums: SUM_COLUMNS.map((name, i) =>
      packed(name === 'cost_nano' ? cost.map(([low]) => low) : rows.map((row) => Number(row[first + i]))),
    ),
    costHigh: packed(cost.map(([, high]) => high)),
  };
}

/**
 * The bytes that `openColumns` reads: START bytes, the head as JSON, the values of each column as JSON, then the numbers of each
 * column, all at multiples of eight.
 */
export function packColumns(columns: UsageColumns): Uint8Array {
  const lists = columns.values.map(({ values }) => Buffer.from(JSON.stringify(values)));
  const parts = partsOf(columns);
  const head: Head = {
    rows: columns.rows,
    values: lists.map((list) => list.length),
    widths: parts.map((part) => part?.BYTES_PER_ELEMENT ?? 0),
  };
  const text = Buffer.from(JSON.stringify(head));
  let size = aligned(START + text.length);
  for (const part of [...lists, ...parts]) size += aligned(part?.byteLength ?? 0);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, LAYOUT, true);
  view.setUint32(8, text.length, true);
  bytes.set(text, START);
  let at = aligned(START + text.length);
  for (const part of [...lists, ...parts]) {
    if (part === null) continue;
    bytes.set(new Uint8Array(part.buffer, part.byteOffset, part.byteLength), at);
    at += aligned(part.byteLength);
  }
  view.setUint32(4, crc32(bytes.subarray(8)), true);
  return bytes;
}

/** Null when the bytes are not whole, or of a later version: the tables have the same. */
export function openColumns(given: Uint8Array): UsageColumns | null {
  // Numbers are read in place, and must lie as the processor wants them.
  const bytes = given.byteOffset % 8 === 0 ? given : given.slice();
  if (bytes.length < START) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== LAYOUT || crc32(bytes.subarray(8)) !== view.getUint32(4, true)) return null;
  const length = view.getUint32(8, true);
  const head = JSON.parse(Buffer.from(bytes.subarray(START, START + length)).toString('utf8')) as Head;
  let at = aligned(START + length);
  const lists = head.values.map((size) => {
    const list = bytes.subarray(at, at + size);
    at += aligned(size);
    return list;
  });
  const parts = head.widths.map((width) => {
    if (width === 0) return null;
    const part = numbers(width, bytes.buffer as ArrayBuffer, bytes.byteOffset + at, head.rows);
    at += aligned(part.byteLength);
    return part;
  });
  const { length: dimensions } = GROUP_COLUMNS;
  return {
    rows: head.rows,
    slots: parts[0] ?? null,
    values: lists.map((list, i) => new PackedValues(list, parts[1 + i] ?? null)),
    sums: SUM_COLUMNS.map((_, i) => parts[1 + dimensions + i] ?? null),
    costHigh: parts[1 + dimensions + SUM_COLUMNS.length] ?? null,
  };
}

/** Values that are read when somebody asks for them: most reports ask for few. */
class PackedValues implements ValueColumn {
  private read: readonly string[] | null = null;

  constructor(
    private readonly list: Uint8Array,
    readonly at: Numbers | null,
  ) {}

  get values(): readonly string[] {
    this.read ??= JSON.parse(Buffer.from(this.list).toString('utf8')) as string[];
    return this.read;
  }
}

function partsOf({ slots, values, sums, costHigh }: UsageColumns): (Numbers | null)[] {
  return [slots, ...values.map(({ at }) => at), ...sums, costHigh];
}

function valuesOf(rows: readonly SqlRow[], column: number): ValueColumn {
  const found = new Map<string, number>();
  const at = rows.map((row) => {
    const value = String(row[column] ?? '');
    let place = found.get(value);
    if (place === undefined) found.set(value, (place = found.size));
    return place;
  });
  return { values: found.size === 0 ? [''] : [...found.keys()], at: packed(at) };
}

function costParts(cost: number | bigint): [low: number, high: number] {
  if (typeof cost === 'number' && cost < COST_UNIT) return [cost, 0];
  const high = BigInt(cost) / BigInt(COST_UNIT);
  return [Number(BigInt(cost) - high * BigInt(COST_UNIT)), Number(high)];
}

/** In as few bytes as the largest needs; null when all are zero. */
function packed(list: readonly number[]): Numbers | null {
  let most = 0;
  for (const value of list) most = Math.max(most, value);
  if (most === 0) return null;
  const width = most < 2 ** 8 ? 1 : most < 2 ** 16 ? 2 : most < 2 ** 32 ? 4 : 8;
  const into = numbers(width, new ArrayBuffer(width * list.length), 0, list.length);
  into.set(list);
  return into;
}

function numbers(width: number, buffer: ArrayBuffer, offset: number, length: number): Numbers {
  if (width === 1) return new Uint8Array(buffer, offset, length);
  if (width === 2) return new Uint16Array(buffer, offset, length);
  return width === 4 ? new Uint32Array(buffer, offset, length) : new Float64Array(buffer, offset, length);
}

function aligned(bytes: number): number {
  return (bytes + 7) & ~7;
}
