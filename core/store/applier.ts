import type { SettledRecord } from '@headgate/sdk';
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
  /** Told of every batch that is read back from the spool, whatever becomes of it. */
  onReadBack?(batch: RecordBatch, end: Position): void;
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
 * the database cannot keep up, they are read back. The caller decides when to work.
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
  private running: Promise<boolean> | null = null;
  /** Batches of a transaction that runs. */
  private writing = 0;
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
      // The oldest that are not being written just now.
      const [dropped] = this.queue.splice(this.writing, 1);
      if (dropped === undefined) return;
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

  /**
   * Writes one transaction's worth. Resolves to false when nothing was left to do or the database refused; while another
   * step runs, to what that one comes to.
   */
  step(): Promise<boolean> {
    this.running ??= this.oneStep().finally(() => {
      this.running = null;
    });
    return this.running;
  }

  private async oneStep(): Promise<boolean> {
    try {
      if (this.queue.length === 0 && this.behind) this.readBack();
      const { queue } = this;
      const taken = await this.commit(queue);
      this.writing = 0;
      if (taken === 0) return false;
      // Meanwhile there may have been too many to keep, and all of them were left to the spool.
      if (this.queue === queue) {
        for (let i = 0; i < taken; i++) this.queued -= queue[i]!.batch.count;
        queue.splice(0, taken);
        this.gone += taken;
      }
    } catch (error) {
      this.writing = 0;
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

  private batchesToTake(queue: readonly TakenBatch[]): number {
    let count = 0;
    let records = 0;
    while (count < queue.length && records < this.maxTransaction) records += queue[count++]!.batch.count;
    return count;
  }

  private readBack(): void {
    const batches = this.options.spool?.read(READ_BYTES) ?? [];
    for (const { payload, end } of batches) {
      const batch = this.open(payload, end);
      this.options.onReadBack?.(batch, end);
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
      // How many, nobody can tell.
      this.options.onLost(0);
      return batchOf([]);
    }
  }

  /** Returns how many batches were dealt with. */
  private async commit(queue: readonly TakenBatch[]): Promise<number> {
    const count = this.careful > 0 ? Math.min(1, queue.length) : this.batchesToTake(queue);
    if (count === 0) return 0;
    const batches = queue.slice(0, count);
    const last = batches[count - 1]!;
    this.writing = count;
    try {
      await this.store.commit(batches);
    } catch (error) {
      if (!isBadRecord(error)) throw error;
      if (count > 1) {
        this.careful = count;
        return this.commit(queue);
      }
      await this.store.commit([{ batch: await this.withoutBad(last.batch), end: last.end }]);
    }
    if (this.careful > 0) this.careful--;
    for (const { end } of batches) if (end !== null) this.options.spool?.markDone(end);
    return count;
  }

  /** One bad record must not stop all those behind it. */
  private async withoutBad(batch: RecordBatch): Promise<RecordBatch> {
    const good: SettledRecord[] = [];
    for (const record of decodeRecords(batch.bytes)) {
      const refusal = await this.store.refusal(batchOf([record]));
      if (refusal === null) good.push(record);
      else if (!isBadRecord(refusal)) throw refusal;
      else {
        this.options.onTrouble(
          `the settled record of ${record.id} cannot be stored and is left out`,
          refusal,
        );
        this.options.onLost(1);
      }
    }
    return batchOf(good);
  }
}
