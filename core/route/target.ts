import type { Transport } from '@headgate/sdk';
import type { Unpriced } from '../config/config.js';
import type { EjectionRules } from '../config/sections/ejection.js';
import type { Timeouts } from '../config/sections/timeouts.js';
import type { Ejection } from './ejection.js';
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
  /** Whether it is passed over as long as others can be asked; null: it never is. */
  readonly standing: Standing | null;
}

/** How a target of one model fares in this thread, and what is made of that. */
export interface Standing {
  readonly ejection: Ejection;
  readonly rules: EjectionRules;
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
