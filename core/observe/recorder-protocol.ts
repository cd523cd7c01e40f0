import type { MessagePort } from 'node:worker_threads';
import type { SpoolSettings } from '../store/spool-writer.js';
import type { TakenBodies } from './bodies/body-settings.js';
import type { ThreadState } from './thread-watch.js';

/** How a thread is at this moment. */
export interface ThreadGauges {
  /** Requests that are being served. */
  in_flight_requests: number;
  thread?: ThreadState;
  /** Credentials of providers that rest after a refusal or a limit, by name. */
  resting?: readonly { readonly provider: string; readonly key: string }[];
  /** Targets that were taken out at some time, since their attempts failed. */
  ejected?: readonly EjectedTarget[];
  /** The requests that have run longest. */
  oldest?: readonly LongRequest[];
}

/** A target that was taken out, in one thread. */
export interface EjectedTarget {
  readonly provider: string;
  readonly model: string;
  /** It is out: no attempt was answered since. */
  readonly out: boolean;
  readonly times: number;
}

/** A request that is being served. */
export interface LongRequest {
  readonly id: string;
  readonly model: string;
  /** Of the target that is asked at the moment; '' when none is. */
  readonly provider: string;
  readonly ms: number;
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
  /** Requests and answers that are to be kept. */
  | { type: 'bodies'; bodies: readonly TakenBodies[]; bytes: number }
  /** Everything recorded before is on its way: the answer to `flush`. */
  | { type: 'flushed'; token: number; gauges: ThreadGauges | null; lost: number }
  | { type: 'gauges'; gauges: ThreadGauges }
  /** Nothing will follow. */
  | { type: 'end'; lost: number };

/** From the ledger to an I/O thread. */
export type RecorderRequest =
  | { type: 'flush'; token: number }
  | { type: 'ended' }
  /** So many bytes of bodies have come in. */
  | { type: 'took'; bytes: number }
  /** Whether the disk refuses records at the moment. */
  | { type: 'full'; full: boolean };
