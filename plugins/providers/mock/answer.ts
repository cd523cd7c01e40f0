import type { HeaderList } from '@headgate/sdk';

/** A part of an answer's body: bytes to send as one chunk, a pause, or an end that is not a good one. */
export type Step = string | { waitMs: number } | 'stall' | 'cut';

/** An answer, ready to be played: `steps` is read as fast as the receiver takes it. */
export interface Answer {
  status: number;
  headers: HeaderList;
  /** Milliseconds before the head. */
  delayMs: number;
  steps: Iterable<Step>;
}

/** A request that the mock refuses, before it is worded in the API's own error shape. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly param: string | null = null,
    readonly code: string | null = null,
  ) {
    super(message);
  }
}
