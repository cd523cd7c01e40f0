/** Numbers of a thread at this moment, shown as `headgate_<name>` summed over the threads. */
export interface ThreadGauges {
  /** Requests that are being served. */
  in_flight_requests: number;
}

/** From an I/O thread to the ledger, beside the batches of records, which are plain ArrayBuffers. */
export type RecorderMessage =
  /** Everything recorded before is on its way: the answer to `flush`. */
  | { type: 'flushed'; token: number; gauges: ThreadGauges | null; lost: number }
  | { type: 'gauges'; gauges: ThreadGauges }
  /** Nothing will follow. */
  | { type: 'end'; lost: number };

/** From the ledger to an I/O thread. */
export type RecorderRequest = { type: 'flush'; token: number } | { type: 'ended' };
