import type { LedgerSql } from '../core/store/ledger-sql.js';
import { LedgerStore } from '../core/store/ledger-store.js';
import { batchOf } from '../core/store/record-codec.js';
import { ledgerRecords, type RecordsOptions } from './ledger-records.js';

/** Writes records as the gateway does, in batches of 128, and says how long it took. */
export async function fillLedger(db: LedgerSql, options: RecordsOptions): Promise<void> {
  const { records } = options;
  const store = new LedgerStore(db);
  let some: Parameters<typeof batchOf>[0][number][] = [];
  let batches: Parameters<LedgerStore['commit']>[0][number][] = [];
  const began = performance.now();
  for (const record of ledgerRecords(options)) {
    some.push(record);
    if (some.length < 128) continue;
    batches.push({ batch: batchOf(some), end: null });
    some = [];
    if (batches.length < 32) continue;
    await store.commit(batches);
    batches = [];
  }
  if (some.length > 0) batches.push({ batch: batchOf(some), end: null });
  await store.commit(batches);
  const seconds = (performance.now() - began) / 1000;
  console.log(
    `filled ${records} records in ${seconds.toFixed(1)} s, ${Math.round(records / seconds)} a second`,
  );
}
