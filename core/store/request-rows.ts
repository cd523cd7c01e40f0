import type { SettledRecord } from '@headgate/sdk';
import type { Sqlite } from './open-database.js';
import { requestDetail } from './request-detail.js';
import { wholeNano } from './whole-number.js';

const COLUMNS = 10;
/** Rows of one statement: beyond this the call is no longer what costs. */
const ROWS = 32;

function insertRows(rows: number): string {
  const row = `(${Array(COLUMNS).fill('?').join(', ')})`;
  return (
    `INSERT INTO requests (time, id, key_id, customer, model, provider, status, outcome, cost_nano, detail) ` +
    `VALUES ${Array(rows).fill(row).join(', ')}`
  );
}

/** The request rows. A record that is there already is left alone. */
export class RequestRows {
  private readonly many;
  private readonly one;
  private readonly manyValues: unknown[] = Array(ROWS * COLUMNS).fill(null);
  private readonly oneValues: unknown[] = Array(COLUMNS).fill(null);

  constructor(db: Sqlite) {
    this.many = db.prepare(insertRows(ROWS));
    this.one = db.prepare(`${insertRows(1)} ON CONFLICT (time, id) DO NOTHING`);
  }

  /** Part of the caller's transaction. Returns the records that were new; the same array when all were. */
  insert(records: readonly SettledRecord[]): readonly SettledRecord[] {
    const known = new Set<SettledRecord>();
    let at = 0;
    while (records.length - at >= ROWS) {
      const end = at + ROWS;
      if (this.insertMany(records, at)) at = end;
      for (; at < end; at++) this.insertOne(records[at]!, known);
    }
    for (; at < records.length; at++) this.insertOne(records[at]!, known);
    return known.size === 0 ? records : records.filter((record) => !known.has(record));
  }

  /** All or nothing: false when one of them is in the table already, or twice in the batch. */
  private insertMany(records: readonly SettledRecord[], from: number): boolean {
    for (let i = 0; i < ROWS; i++) fill(this.manyValues, i * COLUMNS, records[from + i]!);
    try {
      this.many.run(this.manyValues);
      return true;
    } catch (error) {
      if (isDuplicate(error)) return false;
      throw error;
    }
  }

  private insertOne(record: SettledRecord, known: Set<SettledRecord>): void {
    fill(this.oneValues, 0, record);
    if (this.one.run(this.oneValues).changes === 0) known.add(record);
  }
}

function isDuplicate(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'SQLITE_CONSTRAINT_PRIMARYKEY';
}

function fill(values: unknown[], at: number, record: SettledRecord): void {
  values[at] = record.time;
  values[at + 1] = record.id;
  values[at + 2] = record.keyId;
  values[at + 3] = record.customer;
  values[at + 4] = record.model;
  values[at + 5] = record.provider;
  values[at + 6] = record.status;
  values[at + 7] = record.outcome;
  values[at + 8] = record.costNano === null ? null : wholeNano(record.costNano);
  values[at + 9] = requestDetail(record);
}
