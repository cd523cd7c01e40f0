import type { HeaderList } from '@headgate/sdk';

/** A request that the gateway makes by itself, as somebody who has a virtual key. */
export interface RunAsk {
  readonly path: string;
  readonly query: string;
  readonly headers: HeaderList;
  /** JSON. */
  readonly body: string;
  /** Of the virtual key; '' for nobody's, where none is needed. */
  readonly keyId: string;
  /** Of whoever wants it, for keys that may be used from some addresses alone. */
  readonly address: string;
}

/** Its answer, an error's too; or why it was not made. */
export type RunEnd =
  | { readonly id: string; readonly status: number; readonly body: string }
  | { readonly refused: string };

/** An answer to be read. */
export interface AnswerAsk {
  /** That its request was sent to. */
  readonly path: string;
  /** JSON. */
  readonly body: string;
}

/** A piece of two texts: those that are the same or out make up the first one, those that are the same or in the second. */
export interface WordChange {
  readonly op: 'same' | 'out' | 'in';
  readonly text: string;
}

/** What other threads do for those who replay requests and compare them. */
export interface ReplayPort {
  /** Runs it in an I/O thread. */
  run(ask: RunAsk): Promise<RunEnd>;
  /** What the model says in these answers; null where one cannot be read. */
  texts(asks: readonly AnswerAsk[]): Promise<(string | null)[]>;
  diff(before: string, after: string): Promise<readonly WordChange[]>;
}
