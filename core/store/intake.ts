import type { Applier } from './applier.js';
import type { RecordBatch } from './record-batch.js';
import { openBatch } from './record-codec.js';
import type { Position, Spool } from './spool.js';

export interface IntakeOptions {
  /** Null when nothing is kept on disk. */
  spool: Pick<Spool, 'append' | 'adopt'> | null;
  applier: Pick<Applier, 'add'>;
  /** Log and metrics: told of every batch once, whatever becomes of it. */
  observe(batch: RecordBatch): void;
  onTrouble(message: string, error: unknown): void;
  onRecovered(): void;
  onLost(records: number): void;
  /** Bytes kept in memory while the spool cannot be written. */
  maxHeldBytes?: number;
}

/** Bytes only: an opened batch takes many times as much. */
interface Held {
  readonly bytes: Uint8Array;
  readonly count: number;
}

const MAX_HELD = 16 * 1024 * 1024;

/**
 * Takes batches in. Most are in the spool already; the others go there before anything else. While the disk refuses, as many
 * as fit in a bounded memory are held and offered again, in order; the rest is lost, counted and reported.
 */
export class Intake {
  /** Records taken in. */
  records = 0;
  private held: Held[] = [];
  private heldBytes = 0;
  private readonly maxHeldBytes: number;

  constructor(private readonly options: IntakeOptions) {
    this.maxHeldBytes = options.maxHeldBytes ?? MAX_HELD;
  }

  /** @param written where it ends in the spool, null when it is not there */
  take(bytes: Uint8Array, written: Position | null = null): void {
    const end = written === null ? (this.retry() ? this.spool(bytes) : undefined) : this.adopted(written);
    let batch: RecordBatch;
    try {
      batch = openBatch(bytes);
    } catch (error) {
      this.options.onTrouble('a batch of settled records cannot be read', error);
      return;
    }
    this.records += batch.count;
    if (end === undefined) this.hold({ bytes: batch.bytes, count: batch.count });
    else this.options.applier.add(batch, end);
    this.options.observe(batch);
  }

  /** Offers what is held to the spool again. False while it refuses. */
  retry(): boolean {
    if (this.held.length === 0) return true;
    let taken = 0;
    for (const one of this.held) {
      const end = this.spool(one.bytes);
      if (end === undefined) break;
      this.options.applier.add(openBatch(one.bytes), end);
      this.heldBytes -= one.bytes.length;
      taken++;
    }
    this.held.splice(0, taken);
    if (this.held.length > 0) return false;
    this.options.onRecovered();
    return true;
  }

  get waiting(): boolean {
    return this.held.length > 0;
  }

  /** Gives up what is held. */
  abandon(): void {
    let records = 0;
    for (const one of this.held) records += one.count;
    this.held = [];
    this.heldBytes = 0;
    if (records > 0) this.options.onLost(records);
  }

  /** The end of the batch in the spool, null without a spool, undefined when the disk refused. */
  private spool(bytes: Uint8Array) {
    if (this.options.spool === null) return null;
    try {
      return this.options.spool.append(bytes);
    } catch (error) {
      this.options.onTrouble(
        'settled records cannot be written to the spool; they are held in memory',
        error,
      );
      return undefined;
    }
  }

  private adopted(end: Position): Position {
    try {
      this.options.spool?.adopt(end);
    } catch (error) {
      // It is in memory too: the database gets it from there.
      this.options.onTrouble('a file of the spool cannot be opened', error);
    }
    return end;
  }

  private hold(one: Held): void {
    if (this.heldBytes + one.bytes.length > this.maxHeldBytes) {
      this.options.onLost(one.count);
      return;
    }
    this.held.push(one);
    this.heldBytes += one.bytes.length;
  }
}
