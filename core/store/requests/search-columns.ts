import type { Operation, Outcome } from '@headgate/sdk';
import { Packr } from 'msgpackr';
import { Column, type ColumnHead } from '../column.js';
import { ColumnWriter } from '../column-writer.js';
import type { RecordColumns } from '../record-columns.js';

/** What records are searched by, turned on its side; lists are joined by {@link JOINT}, since a list is no word. */
export interface SearchColumns {
  readonly time: Column<number>;
  readonly keyId: Column<string>;
  readonly keyName: Column<string>;
  readonly org: Column<string>;
  readonly team: Column<string>;
  readonly project: Column<string>;
  readonly user: Column<string>;
  readonly customer: Column<string>;
  readonly session: Column<string>;
  readonly tags: Column<string | readonly string[]>;
  readonly model: Column<string>;
  readonly provider: Column<string>;
  readonly targetModel: Column<string>;
  readonly operation: Column<Operation>;
  readonly format: Column<string>;
  readonly stream: Column<boolean>;
  readonly status: Column<number>;
  readonly outcome: Column<Outcome>;
  readonly error: Column<string>;
  readonly errorMessage: Column<string>;
  readonly cache: Column<string>;
  readonly finish: Column<string>;
  readonly tools: Column<string | readonly string[]>;
  readonly costNano: Column<number | null>;
  readonly totalMs: Column<number>;
  readonly firstTokenMs: Column<number | null>;
  readonly inputTokens: Column<number>;
  readonly outputTokens: Column<number>;
  readonly answerId: Column<string>;
  readonly continues: Column<string>;
}

export type SearchField = keyof SearchColumns;

/** Between the parts of a list; no text of a record has it, since control characters are refused or taken out. */
export const JOINT = '\n';

/** Where a record of a segment lies: the place of its block in the segment's list, and its own in that block. */
interface PlaceColumns {
  readonly block: Column<number>;
  readonly row: Column<number>;
}

export type SegmentColumns = SearchColumns & PlaceColumns;
export type SegmentField = keyof SegmentColumns;

/** One record on its way into a segment. */
export interface SegmentRow {
  readonly time: number;
  /** Of the block that it lies in: nothing is put together that no column asks for. */
  readonly columns: RecordColumns;
  readonly block: number;
  readonly row: number;
}

type Write = (to: ColumnWriter, rows: readonly SegmentRow[]) => ColumnHead;

const word =
  (get: (columns: RecordColumns, row: number) => unknown): Write =>
  (to, rows) =>
    to.words(rows, (row) => get(row.columns, row.row));
const number =
  (get: (columns: RecordColumns, row: number) => unknown, scale: 1 | 1000 = 1): Write =>
  (to, rows) =>
    to.numbers(rows, (row) => get(row.columns, row.row), scale);

const WRITES: Readonly<Record<SegmentField, Write>> = {
  time: (to, rows) => to.numbers(rows, (row) => row.time, 1),
  block: (to, rows) => to.numbers(rows, (row) => row.block, 1),
  row: (to, rows) => to.numbers(rows, (row) => row.row, 1),
  keyId: word((c, i) => c.keyId.at(i)),
  keyName: word((c, i) => c.keyName.at(i)),
  org: word((c, i) => c.org.at(i)),
  team: word((c, i) => c.team.at(i)),
  project: word((c, i) => c.project.at(i)),
  user: word((c, i) => c.user.at(i)),
  customer: word((c, i) => c.customer.at(i)),
  session: word((c, i) => c.session.at(i)),
  tags: word((c, i) => c.tags.at(i).join(JOINT)),
  model: word((c, i) => c.model.at(i)),
  provider: word((c, i) => c.provider.at(i)),
  targetModel: word((c, i) => c.targetModel.at(i)),
  operation: word((c, i) => c.operation.at(i)),
  format: word((c, i) => c.format.at(i)),
  stream: word((c, i) => c.stream.at(i)),
  status: number((c, i) => c.status.at(i)),
  outcome: word((c, i) => c.outcome.at(i)),
  error: word((c, i) => c.error.at(i)),
  errorMessage: word((c, i) => c.errorMessage.at(i)),
  cache: word((c, i) => c.cache.at(i)),
  finish: word((c, i) => c.finish.at(i)),
  tools: word((c, i) => c.tools.at(i).join(JOINT)),
  costNano: number((c, i) => c.costNano.at(i)),
  totalMs: number((c, i) => c.totalMs.at(i), 1000),
  firstTokenMs: number((c, i) => c.firstTokenMs.at(i), 1000),
  inputTokens: number((c, i) => c.usage.inputTokens.at(i)),
  outputTokens: number((c, i) => c.usage.outputTokens.at(i)),
  answerId: word((c, i) => c.answerId.at(i)),
  continues: word((c, i) => c.continues.at(i)),
};

const packr = new Packr({ useRecords: false });
const writer = new ColumnWriter();
/** The length of the head: 32 bits, little endian. Then the head (rows, and a `ColumnHead`) as MessagePack, then the body. */
const START = 4;

/** Each column by itself, since a search reads few of them. @param rows in order of time */
export function packSegment(rows: readonly SegmentRow[]): [SegmentField, Uint8Array][] {
  return Object.entries(WRITES).map(([field, write]) => {
    writer.start();
    const packed = packr.pack([rows.length, write(writer, rows)]);
    const bytes = new Uint8Array(START + packed.length + writer.bodyBytes);
    new DataView(bytes.buffer).setUint32(0, packed.length, true);
    bytes.set(packed, START);
    writer.copyBody(bytes, START + packed.length);
    return [field as SegmentField, bytes];
  });
}

/** Throws when the bytes are no column. */
export function openColumn(bytes: Uint8Array): Column {
  const body = START + new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const [rows, head] = packr.unpack(bytes.subarray(START, body)) as [number, unknown];
  return Column.open(head, rows, bytes, body);
}

/** The same of a block that is in no segment. */
export function columnsOfBlock(columns: RecordColumns): SearchColumns {
  const { inputTokens, outputTokens } = columns.usage;
  return { ...columns, inputTokens, outputTokens };
}
