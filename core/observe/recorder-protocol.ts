import type { MessagePort } from 'node:worker_threads';
import type { SpoolSettings } from '../store/spool-writer.js';

/** Numbers of a thread at this moment, shown as `headgate_<name>` summed over the threads. */
export interface ThreadGauges {
  /** Requests that are being served. */
  in_flight_requests: number;
}

/** What a thread that settles requests needs of the ledger; may be handed to another thread. */
export interface RecordLink {
  readonly port: MessagePort;
  /** Null when nothing is kept on disk. */
  readonly spool: SpoolSettings | null;
}

/** From an I/O thread to the ledger. */
export type RecorderMessage =
  /** A batch of records; where it ends in the spool, or null when it is not there. */
  | { type: 'batch'; bytes: ArrayBuffer; segment: string | null; end: number }
  /** Everything recorded before is on its way: the answer to `flush`. */
  | { type: 'flushed'; token: number; gauges: ThreadGauges | null; lost: number }
  | { type: 'gauges'; gauges: ThreadGauges }
  /** Nothing will follow. */
  | { type: 'end'; lost: number };

/** From the ledger to an I/O thread. */
export type RecorderRequest =
  | { type: 'flush'; token: number }
  | { type: 'ended' }
  /** Whether the disk refuses records at the moment. */
  | { type: 'full'; full: boolean };
