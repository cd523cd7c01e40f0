import { RECORD_FIELDS, type RecordField, type SettledRecord } from '@headgate/sdk';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import type { ExportWriter } from './export-writer.js';

const FIELDS: readonly (readonly [string, RecordField])[] = Object.entries(RECORD_FIELDS);

type Schema = ConstructorParameters<typeof ParquetWriter>[0]['schema'];

/** Dollars, exact to the nano. */
const COST = { type: 'INT64', converted_type: 'DECIMAL', scale: 9, precision: 18 } as const;
const TYPES = {
  text: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  flag: { type: 'BOOLEAN' },
  time: { type: 'INT64', converted_type: 'TIMESTAMP_MILLIS' },
  count: { type: 'INT64' },
  number: { type: 'DOUBLE' },
  nano: COST,
} as const;

const SCHEMA: Schema = [
  { name: 'requests', num_children: FIELDS.length },
  ...FIELDS.flatMap(([name, { kind, nullable }]): Schema => {
    const repetition_type = nullable ? 'OPTIONAL' : 'REQUIRED';
    if (kind === 'named')
      return [
        { name, repetition_type, converted_type: 'MAP', num_children: 1 },
        { name: 'key_value', repetition_type: 'REPEATED', num_children: 2 },
        { name: 'key', repetition_type: 'REQUIRED', ...TYPES.text },
        { name: 'value', repetition_type: 'REQUIRED', ...TYPES.text },
      ];
    if (kind !== 'texts' && kind !== 'numbers') return [{ name, repetition_type, ...TYPES[kind] }];
    return [
      { name, repetition_type, converted_type: 'LIST', num_children: 1 },
      { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
      { name: 'element', repetition_type: 'REQUIRED', ...TYPES[kind === 'texts' ? 'text' : 'number'] },
    ];
  }),
];

/** What the writer has put down since it was last taken. */
class TakenBytes extends ByteWriter {
  take(): Uint8Array {
    const bytes = this.getBytes().slice();
    this.index = 0;
    return bytes;
  }
}

/** Records of a row group: what the footer says of each group is written at once, at the end. */
const GROUP = 8192;

/** Records as Apache Parquet: times, numbers, lists and maps as such, costs as exact decimals. */
export class ParquetRecords implements ExportWriter {
  private readonly bytes = new TakenBytes();
  private readonly writer = new ParquetWriter({
    writer: this.bytes,
    schema: SCHEMA,
    createdBy: 'headgate',
  });

  private waiting: SettledRecord[] = [];

  add(records: readonly SettledRecord[]): Uint8Array {
    this.waiting.push(...records);
    if (this.waiting.length >= GROUP) this.write();
    return this.bytes.take();
  }

  end(): Uint8Array {
    this.write();
    void this.writer.finish();
    return this.bytes.take();
  }

  private write(): void {
    const records = this.waiting;
    if (records.length === 0) return;
    this.waiting = [];
    void this.writer.write({
      columnData: FIELDS.map(([name, field]) => ({
        name,
        data: dataOf(field, records),
        // By time, readers pass over groups.
        statistics: field.kind === 'time',
        offsetIndex: false,
      })),
      rowGroupSize: records.length,
    });
  }
}

function dataOf({ kind, of }: RecordField, records: readonly SettledRecord[]): unknown[] {
  const values = records.map((record) => of(record));
  // As they are: a number would be rounded on its way.
  if (kind === 'count' || kind === 'nano')
    return values.map((value) => (value === null ? null : BigInt(Math.round(value as number))));
  if (kind === 'time') return values.map((value) => new Date(value as number));
  return values;
}
