import type { AttemptRecord, HookTime, SettledRecord } from '@headgate/sdk';
import { Packr } from 'msgpackr';
import { bodyBytes, Column, type ColumnHead } from './column.js';
import { ColumnWriter } from './column-writer.js';
import { copyOf, RecordBatch } from './record-batch.js';
import { type ColumnSource, type RowsOf, readRecordColumns, writeRecordColumns } from './record-columns.js';

/**
 * A batch: the byte 0xc1, with which no MessagePack begins, the layout, the length of the head as unsigned 32-bit, little
 * endian, the head, the body. The head is MessagePack: records, attempts, since layout 8 hooks, then a `ColumnHead` for each column.
 */
const MARK = 0xc1;
const START = 6;

/**
 * Spool files and databases outlive the release that wrote them: a new arrangement of the bytes gets a new number, and
 * the old one must still be read.
 */
const LAYOUT = 8;
/** The oldest that is read by columns. */
const FIRST_LAYOUT = 2;
/** The first that has hooks. */
const HOOKS_LAYOUT = 8;

const packr = new Packr({ useRecords: false });
const writer = new ColumnWriter();
const attempts: AttemptRecord[] = [];
const hooks: HookTime[] = [];
const head: unknown[] = [];

/**
 * A batch of records as bytes of its own, ready to be transferred to another thread, spooled and stored as they are.
 * Written by columns: most fields say the same in all records of a batch and are written once. Durations are kept to the
 * thousandth.
 */
export function encodeRecords(records: readonly SettledRecord[]): ArrayBuffer {
  for (const record of records) {
    for (const one of record.attempts) attempts.push(one);
    for (const one of record.hooks) hooks.push(one);
  }
  head.length = 0;
  head.push(records.length, attempts.length, hooks.length);
  writer.start();
  writeRecordColumns(writer, records, attempts, hooks, head as ColumnHead[]);
  const packed = packr.pack(head);
  // The packer writes into a shared pool, which must not be transferred.
  const bytes = new Uint8Array(START + packed.length + writer.bodyBytes);
  bytes[0] = MARK;
  bytes[1] = LAYOUT;
  new DataView(bytes.buffer).setUint32(2, packed.length, true);
  bytes.set(packed, START);
  writer.copyBody(bytes, START + packed.length);
  attempts.length = 0;
  hooks.length = 0;
  return bytes.buffer;
}

/** Throws when the bytes are no batch of records. They must not change afterwards: the columns are read in place. */
export function openBatch(bytes: Uint8Array): RecordBatch {
  if (bytes[0] !== MARK) return batchOf(oldRecords(bytes));
  const layout = bytes[1] ?? 0;
  if (layout < FIRST_LAYOUT || layout > LAYOUT)
    throw new Error('not a batch of settled records that this version can read');
  const bodyStart = START + new DataView(bytes.buffer, bytes.byteOffset).getUint32(2, true);
  const columns = new BatchColumns(packr.unpack(bytes.subarray(START, bodyStart)), bytes, bodyStart, layout);
  return new RecordBatch(bytes, columns.records, readRecordColumns(columns));
}

/** How many records a batch says that it has, also one that this version cannot read; null when not even that can be seen. */
export function recordsIn(bytes: Uint8Array): number | null {
  try {
    if (bytes[0] !== MARK) return oldRecords(bytes).length;
    const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(2, true);
    const head: unknown = packr.unpack(bytes.subarray(START, START + length));
    const records: unknown = Array.isArray(head) ? head[0] : null;
    return typeof records === 'number' && records > 0 ? records : null;
  } catch {
    return null;
  }
}

/** Those records as a batch of their own. */
export function batchOf(records: readonly SettledRecord[]): RecordBatch {
  return openBatch(new Uint8Array(encodeRecords(records)));
}

/** The records of a batch as objects. Throws when the bytes are no batch. */
export function decodeRecords(bytes: Uint8Array): SettledRecord[] {
  return Array.from(openBatch(bytes), copyOf);
}

class BatchColumns implements ColumnSource {
  readonly records: number;
  private readonly rows: Readonly<Record<RowsOf, number>>;
  private at: number;

  constructor(
    private readonly head: unknown,
    private readonly bytes: Uint8Array,
    private offset: number,
    private readonly layout: number,
  ) {
    const [records, attempts, more] = Array.isArray(head) ? (head as unknown[]) : [];
    const hooks = layout < HOOKS_LAYOUT ? 0 : more;
    if (typeof records !== 'number' || typeof attempts !== 'number' || typeof hooks !== 'number')
      throw new Error('not a batch of settled records');
    this.records = records;
    this.rows = { records, attempts, hooks };
    this.at = layout < HOOKS_LAYOUT ? 2 : 3;
  }

  next<V>(of: RowsOf): Column<V> {
    const rows = this.rows[of];
    const head = (this.head as unknown[])[this.at++];
    const column = Column.open<V>(head, rows, this.bytes, this.offset);
    this.offset += bodyBytes(head as unknown[], rows);
    return column;
  }

  since<V>(layout: number, otherwise: V, of: RowsOf = 'records'): Column<V> {
    return this.layout >= layout ? this.next<V>(of) : this.same(otherwise, of);
  }

  ofHooks<V>(otherwise: V, of: RowsOf = 'hooks'): Column<V> {
    return this.rows.hooks > 0 ? this.next<V>(of) : this.same(otherwise, of);
  }

  private same<V>(value: V, of: RowsOf): Column<V> {
    return Column.open<V>([value], this.rows[of], this.bytes, 0);
  }
}

/** What records of before layout 2 do not have. */
export const NEW_SINCE = {
  org: '',
  team: '',
  project: '',
  user: '',
  errorMessage: '',
  bodyMs: null,
  checkMs: null,
  checkedMs: null,
  routedMs: null,
  plugins: [],
  hooks: [],
  finish: '',
  tools: [],
  trace: '',
  answerId: '',
  continues: '',
  metadata: {},
  passedOver: [],
};
export const NEW_SINCE_OF_ATTEMPTS = { startMs: 0, connectMs: null, firstByteMs: null };

/** What a spool of before layout 2 holds: a list of records. */
function oldRecords(bytes: Uint8Array): SettledRecord[] {
  const records: unknown = new Packr().unpack(bytes);
  if (!Array.isArray(records)) throw new Error('not a batch of settled records');
  return (records as Partial<SettledRecord>[]).map((record) => ({
    ...NEW_SINCE,
    ...record,
    attempts: (record.attempts ?? []).map((one) => ({ ...NEW_SINCE_OF_ATTEMPTS, ...one })),
  })) as SettledRecord[];
}
