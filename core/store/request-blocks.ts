import { crc32 } from 'node:zlib';
import type { Statements } from './ledger-sql.js';
import type { RecordBatch } from './record-batch.js';

/** Writes blocks. Part of the caller's transaction, as is everything here. */
export async function insertBlocks(sql: Statements, batches: readonly RecordBatch[]): Promise<void> {
  await sql.each(
    'INSERT INTO request_blocks (first_ms, last_ms, records, checksum, data) VALUES (?, ?, ?, ?, ?)',
    batches.map(({ firstMs, lastMs, count, bytes }) => [firstMs, lastMs, count, crc32(bytes), bytes]),
  );
  let records = 0;
  let bytes = 0;
  for (const batch of batches) {
    records += batch.count;
    bytes += batch.bytes.length;
  }
  await countBlocks(sql, records, bytes);
}

/** Deletes blocks whose records and bytes, all in all, are known. */
export async function deleteBlocks(
  sql: Statements,
  ids: readonly number[],
  records: number,
  bytes: number,
): Promise<void> {
  await sql.run(`DELETE FROM request_blocks WHERE id IN (${ids.map(() => '?').join(', ')})`, ids);
  await countBlocks(sql, -records, -bytes);
}

/** Keeps the number of records, and of the bytes they take, right. */
async function countBlocks(sql: Statements, records: number, bytes: number): Promise<void> {
  for (const [name, by] of [
    ['bytes', bytes],
    ['requests', records],
  ] as const) {
    if (by !== 0) await sql.run('UPDATE ledger_counts SET value = value + ? WHERE name = ?', [by, name]);
  }
}
