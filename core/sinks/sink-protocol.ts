import type { SettledContent } from '@headgate/sdk';
import type { LogPlace } from './frame-log.js';
import type { SinkState } from './sink-counts.js';
import type { SinksSetup } from './sink-settings.js';

/** What the sinks' thread is started with. */
export interface SinkThreadData {
  readonly setup: SinksSetup;
  /** Folder of what waits; null: in memory. */
  readonly dir: string | null;
  /** Where a sink begins that is new. */
  readonly begin: LogPlace;
  /** Name of the last file that an earlier run left; empty when there is none. */
  readonly earlier: string;
}

/** To the sinks' thread. */
export type SinkThreadRequest =
  /** Records were written that end there. */
  | { readonly type: 'grown'; readonly end: LogPlace; readonly records: number }
  /** The last file that there is grows no more. */
  | { readonly type: 'sealed' }
  /** Records, where nothing is kept on disk. */
  | { readonly type: 'batch'; readonly bytes: Uint8Array; readonly records: number }
  | { readonly type: 'states'; readonly token: number }
  | {
      readonly type: 'contents';
      readonly token: number;
      readonly contents: ReadonlyMap<string, SettledContent>;
    }
  | { readonly type: 'close' };

/** From the sinks' thread. */
export type SinkThreadMessage =
  | {
      readonly type: 'log';
      readonly level: 'info' | 'warn' | 'error';
      readonly message: string;
      readonly fields: Record<string, unknown>;
    }
  /** What is kept of these requests? */
  | { readonly type: 'contents'; readonly token: number; readonly ids: readonly string[] }
  /** So many records, at least, that end there can be read by nobody. */
  | { readonly type: 'unreadable'; readonly end: LogPlace; readonly records: number }
  /** So many bytes of batches have been taken in. */
  | { readonly type: 'taken'; readonly bytes: number }
  /** `token` of the question; null when a sink began to fail or works again. */
  | { readonly type: 'states'; readonly token: number | null; readonly states: readonly SinkState[] };
