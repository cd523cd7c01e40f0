import type { SettledRecord } from '@headgate/sdk';
import { isBadRecord } from './bad-record.js';
import type { LedgerStore } from './ledger-store.js';
import { decodeRecords } from './record-codec.js';
import type { Position, Spool } from './spool.js';

export interface ApplierOptions {
  store: Pick<LedgerStore, 'commit'>;
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

interface Queued {
  readonly records: readonly SettledRecord[];
  readonly end: Position | null;
}

const READ_BYTES = 512 * 1024;
const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 10_000;

/**
 * Brings batches from the spool into the database, in order. Usually they are still in memory; after a restart, or when
 * the database cannot keep up, they are read back. Everything is synchronous: the caller decides when to work.
 */
export class Applier {
  private readonly store: Pick<LedgerStore, 'commit'>;
  private readonly maxTransaction: number;
  private readonly maxQueued: number;
  private queue: Queued[] = [];
  private queued = 0;
  /** The spool holds batches that are not in the queue. */
  private behind: boolean;
  private forget: readonly string[] = [];
  private retryMs = 0;
  /** Batches that came in, and that left the queue; they matter without a spool only. */
  private added = 0;
  private gone = 0;

  constructor(private readonly options: ApplierOptions) {
    this.store = options.store;
    this.maxTransaction = options.maxTransaction ?? 1024;
    this.maxQueued = options.maxQueued ?? 8192;
    this.behind = options.spool !== null;
  }

  /** A batch that just went to the spool, ending at that place. */
  add(records: readonly SettledRecord[], end: Position | null): void {
    if (this.behind) return;
    this.added++;
    this.queue.push({ records, end });
    this.queued += records.length;
    if (this.queued <= this.maxQueued) return;
    if (this.options.spool === null) {
      const dropped = this.queue.shift()!;
      this.queued -= dropped.records.length;
      this.gone++;
      this.options.onLost(dropped.records.length);
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
      const count = this.batchesToTake();
      if (count === 0) return false;
      const taken = this.queue.slice(0, count);
      this.commit(
        taken.flatMap((one) => one.records),
        taken[count - 1]!.end,
      );
      this.queue.splice(0, count);
      this.gone += count;
      for (const one of taken) this.queued -= one.records.length;
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
      records += this.queue[count++]!.records.length;
    return count;
  }

  private readBack(): void {
    const batches = this.options.spool?.read(READ_BYTES) ?? [];
    for (const { payload, end } of batches) {
      const records = this.decode(payload, end);
      this.queue.push({ records, end });
      this.queued += records.length;
    }
    // From here on new batches go to the queue again, behind these.
    if (batches.length === 0) this.behind = false;
  }

  private decode(payload: Uint8Array, end: Position): readonly SettledRecord[] {
    try {
      return decodeRecords(payload);
    } catch (error) {
      this.options.onTrouble(
        `a batch in ${end.segment} before ${end.offset} cannot be read and is left out`,
        error,
      );
      return [];
    }
  }

  private commit(records: readonly SettledRecord[], end: Position | null): void {
    const spool = this.options.spool;
    if (spool !== null) this.forget = [...this.forget, ...spool.takeRemoved()];
    try {
      this.store.commit(records, end, this.forget);
    } catch (error) {
      if (!isBadRecord(error)) throw error;
      this.commitOneByOne(records, end);
    }
    this.forget = [];
    if (spool !== null && end !== null) spool.markDone(end);
  }

  /** One record that the database can never take must not stop all those behind it. */
  private commitOneByOne(records: readonly SettledRecord[], end: Position | null): void {
    for (const record of records) {
      try {
        this.store.commit([record], null, []);
      } catch (error) {
        if (!isBadRecord(error)) throw error;
        this.options.onTrouble(`the settled record of ${record.id} cannot be stored and is left out`, error);
        this.options.onLost(1);
      }
    }
    this.store.commit([], end, this.forget);
  }
}
