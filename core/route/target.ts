import type { Transport } from '@headgate/sdk';
import type { Unpriced } from '../config/config.js';
import type { Timeouts } from '../config/sections/timeouts.js';
import type { Provider } from './provider.js';
import type { Speech } from './speech.js';

/** One provider and model that a request may go to, compiled at boot. */
export interface CompiledTarget {
  readonly provider: Provider;
  readonly transport: Transport;
  readonly model: string;
  /** The model as JSON text, for splicing. */
  readonly modelBytes: Buffer;
  /** The model as a header value. */
  readonly modelText: string;
  readonly weight: number;
  readonly timeouts: Timeouts;
  /** Client format id → how to speak to this target; absent when it cannot be served. */
  readonly speech: ReadonlyMap<string, Speech>;
}

/** A public model name and where its requests go. */
export interface ModelRoute {
  readonly name: string;
  readonly strategy: 'fallback' | 'weighted';
  readonly targets: readonly CompiledTarget[];
  readonly retries: Retries;
  /** What becomes of targets without a price; null: as the gateway says. */
  readonly unpriced: Unpriced | null;
  /** Longest total of its targets. */
  readonly totalMs: number;
}

export interface Retries {
  /** Tries at each target, the first included. */
  readonly attempts: number;
  readonly statuses: ReadonlySet<number>;
  readonly onTimeout: boolean;
  readonly onConnection: boolean;
  readonly backoffInitialMs: number;
  readonly backoffMaxMs: number;
}
