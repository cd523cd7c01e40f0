import { isBadRecord } from './bad-record.js';
import type { LedgerStore, TakenBatch } from './ledger-store.js';
import type { RecordBatch } from './record-batch.js';
import { batchOf, decodeRecords, openBatch } from './record-codec.js';
import type { Position, Spool } from './spool.js';

export interface ApplierOptions {
  store: Pick<LedgerStore, 'commit' | 'refusal'>;
  /** Null when nothing is kept on disk. */
  spool: Spool | null;
  /** The state of the database changed, or a record could not be kept. */
  onTrouble(message: string, error: unknown): void;
  onRecovered(): void;
  onLost(records: number): void;
  /** Records written in one transaction. */
  maxTransaction?: number;
  /** Records held in memory while the database is slow; beyond it they are read back from the spool. */
  maxQueued?: number;
}

const READ_BYTES = 512 * 1024;
/** Batches held in memory: one of a single record takes as much as one of fifty. */
const MOST_BATCHES = 2048;
const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 10_000;

/**
 * Brings batches from the spool into the database, in order. Usually they are still in memory; after a restart, or when
 * the database cannot keep up, they are read back. Everything is synchronous: the caller decides when to work.
 */
export class Applier {
  private readonly store: Pick<LedgerStore, 'commit' | 'refusal'>;
  private readonly maxTransaction: number;
  private readonly maxQueued: number;
  private queue: TakenBatch[] = [];
  private queued = 0;
  /** The spool holds batches that are not in the queue. */
  private behind: boolean;
  /** Batches to be written one at a time, since one of them has a record that the database can never take. */
  private careful = 0;
  private retryMs = 0;
  /** Batches that came in, and that left the queue; they matter without a spool only. */
  private added = 0;
  private gone = 0;

  constructor(private readonly options: ApplierOptions) {
    this.store = options.store;
    this.maxTransaction = options.maxTransaction ?? 4096;
    this.maxQueued = options.maxQueued ?? 16_384;
    this.behind = options.spool !== null;
  }

  /** A batch that just went to the spool, ending at that place. */
  add(batch: RecordBatch, end: Position | null): void {
    if (this.behind) return;
    this.added++;
    this.queue.push({ batch, end });
    this.queued += batch.count;
    if (this.queued <= this.maxQueued && this.queue.length <= MOST_BATCHES) return;
    if (this.options.spool === null) {
      const dropped = this.queue.shift()!;
      this.queued -= dropped.batch.count;
      this.gone++;
      this.options.onLost(dropped.batch.count);
      return;
    }
    this.queue = [];
    this.queued = 0;
    this.behind = true;
  }

  /** Records in memory that wait for the database. */
  get waiting(): number {
    return this.queued;
  }

  get idle(): boolean {
    return this.queue.length === 0 && !this.behind;
  }

  /** Tells, later, whether everything that was taken in so far has been written, whatever came since. */
  mark(): () => boolean {
    if (this.options.spool !== null) return this.options.spool.mark();
    const target = this.added;
    return () => this.gone >= target;
  }

  /** How long to wait before the next `step`, in milliseconds; 0 when the database works. */
  get delayMs(): number {
    return this.retryMs;
  }

  /** Writes one transaction's worth. Returns false when nothing was left to do or the database refused. */
  step(): boolean {
    try {
      if (this.queue.length === 0 && this.behind) this.readBack();
      const taken = this.commit();
      if (taken === 0) return false;
      for (let i = 0; i < taken; i++) this.queued -= this.queue[i]!.batch.count;
      this.queue.splice(0, taken);
      this.gone += taken;
    } catch (error) {
      this.retryMs = Math.min(LAST_RETRY_MS, Math.max(FIRST_RETRY_MS, this.retryMs * 2));
      this.options.onTrouble(
        'settled records cannot be written to the database; they wait in the spool',
        error,
      );
      return false;
    }
    if (this.retryMs > 0) {
      this.retryMs = 0;
      this.options.onRecovered();
    }
    return true;
  }

  private batchesToTake(): number {
    let count = 0;
    let records = 0;
    while (count < this.queue.length && records < this.maxTransaction)
      records += this.queue[count++]!.batch.count;
    return count;
  }

  private readBack(): void {
    const batches = this.options.spool?.read(READ_BYTES) ?? [];
    for (const { payload, end } of batches) {
      const batch = this.open(payload, end);
      this.queue.push({ batch, end });
      this.queued += batch.count;
    }
    // From here on new batches go to the queue again, behind these.
    if (batches.length === 0) this.behind = false;
  }

  private open(payload: Uint8Array, end: Position): RecordBatch {
    try {
      return openBatch(payload);
    } catch (error) {
      this.options.onTrouble(
        `a batch in ${end.segment} before ${end.offset} cannot be read and is left out`,
        error,
      );
      return batchOf([]);
    }
  }

  /** Returns how many batches were dealt with. */
  private commit(): number {
    const count = this.careful > 0 ? Math.min(1, this.queue.length) : this.batchesToTake();
    if (count === 0) return 0;
    const batches = this.queue.slice(0, count);
    const last = batches[count - 1]!;
    try {
      this.store.commit(batches);
    } catch (error) {
      if (!isBadRecord(error)) throw error;
      if (count > 1) {
        this.careful = count;
        return this.commit();
      }
      this.store.commit([{ batch: this.withoutBad(last.batch), end: last.end }]);
    }
    if (this.careful > 0) this.careful--;
    if (last.end !== null) this.options.spool?.markDone(last.end);
    return count;
  }

  /** One bad record must not stop all those behind it. */
  private withoutBad(batch: RecordBatch): RecordBatch {
    const good = decodeRecords(batch.bytes).filter((record) => {
      const refusal = this.store.refusal(batchOf([record]));
      if (refusal === null) return true;
      if (!isBadRecord(refusal)) throw refusal;
      this.options.onTrouble(`the settled record of ${record.id} cannot be stored and is left out`, refusal);
      this.options.onLost(1);
      return false;
    });
    return batchOf(good);
  }
}
