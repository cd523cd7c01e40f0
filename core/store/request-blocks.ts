import { crc32 } from 'node:zlib';
import type { Sqlite } from './open-database.js';
import type { RecordBatch } from './record-batch.js';

/** The table of blocks, for writing. Every method is part of the caller's transaction. */
export class RequestBlocks {
  private readonly insertOne;
  private readonly deleteOne;
  private readonly addToCount;

  constructor(db: Sqlite) {
    this.insertOne = db.prepare(
      'INSERT INTO request_blocks (first_ms, last_ms, records, checksum, data) VALUES (?, ?, ?, ?, ?)',
    );
    this.deleteOne = db.prepare('DELETE FROM request_blocks WHERE id = ?');
    this.addToCount = db.prepare("UPDATE ledger_counts SET value = value + ? WHERE name = 'requests'");
  }

  insert(batch: RecordBatch): void {
    const { bytes, firstMs, lastMs, count } = batch;
    this.insertOne.run([firstMs, lastMs, count, crc32(bytes), bytes]);
  }

  delete(id: number): void {
    this.deleteOne.run([id]);
  }

  /** Keeps the number of records right. */
  counted(records: number): void {
    if (records !== 0) this.addToCount.run([records]);
  }
}
