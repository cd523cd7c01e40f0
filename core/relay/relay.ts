import type { CanonicalError } from '@headgate/sdk';

/**
 * Carries one upstream answer to the client. Which kind is decided on the answer's head: raw, tap, whole or translate.
 * Exactly one of `end`, `interrupt` and `drop` is the last call.
 */
export interface Relay {
  /** False: the client is not keeping up, or a guard is thinking; the provider shall wait for `resume`. */
  data(chunk: Buffer): boolean;
  end(): void;
  /** The provider died or took too long in the middle of the answer. */
  interrupt(error: CanonicalError): void;
  /** Nothing has been sent and nothing shall be: another attempt takes over. */
  drop(): void;
}
