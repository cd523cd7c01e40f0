import type { RequestCodec, Transport, WireFormat } from '@headgate/sdk';
import type { Timeouts } from '../config/sections/timeouts.js';
import type { Provider } from './provider.js';

/** How a target is spoken to on behalf of a client's format. */
export interface Speech {
  readonly format: WireFormat;
  /** Path at the provider. */
  readonly path: string;
  /** The client's format and the target's are the same: bytes pass. */
  readonly same: boolean;
  /** Writes requests in the target's format, when a hook has changed the request or the client's format is another; null where only bytes pass. */
  readonly codec: RequestCodec | null;
}

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
