import type { CanonicalError } from '@headgate/sdk';
import type { ErrorInside } from './error-inside.js';

/**
 * Carries one upstream answer to the client. Which kind is decided on the answer's head: raw, tap, whole or translate.
 * Exactly one of `end`, `interrupt` and `drop` is the last call.
 */
export interface Relay {
  /** False: the client is not keeping up, or a guard is thinking; the provider shall wait for `resume`. */
  data(chunk: Buffer): boolean;
  end(): void;
  /**
   * Asked before `end` when all has come: an error in place of an answer, of which nothing was sent. If there is one, `end` is
   * not called, and another attempt may take over.
   */
  errorInside?(): ErrorInside | null;
  /** The provider died or took too long in the middle of the answer. */
  interrupt(error: CanonicalError): void;
  /** Nothing has been sent and nothing shall be: another attempt takes over. */
  drop(): void;
}
