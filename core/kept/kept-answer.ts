/**
 * How an answer is that the gateway keeps: `running` in the background, `done` however it ended, `cancelled` by its client,
 * or `lost` because the gateway ended in the middle of it.
 */
export type KeptState = 'running' | 'done' | 'cancelled' | 'lost';

/** An answer as it is kept. Texts are JSON: nobody on the way needs to read them. */
export interface KeptAnswer {
  readonly id: string;
  /** Id of the virtual key it belongs to; no other knows of it. */
  readonly keyId: string;
  readonly state: KeptState;
  readonly background: boolean;
  /** Its events are kept too, for clients that come back to its stream. */
  readonly recorded: boolean;
  /** Unix milliseconds from which on it is gone. */
  readonly expiresMs: number;
  /** The items of the conversation up to it. */
  readonly input: string;
  readonly answer: string;
}

/** An event of a stream, as it went over the wire. */
export interface RecordedEvent {
  readonly sequence: number;
  readonly text: string;
}

/** What is asked of the store of kept answers, by `do`. */
export interface KeptQuestions {
  /** Keeps a new answer; `maxTotalBytes`: the oldest go when all together are more. */
  put: { ask: { row: KeptAnswer; maxTotalBytes: number }; answer: null };
  /** The end of a running one; false when it no longer runs. */
  finish: { ask: { id: string; answer: string }; answer: boolean };
  find: { ask: { id: string; keyId: string }; answer: KeptAnswer | null };
  delete: { ask: { id: string; keyId: string }; answer: KeptAnswer | null };
  /** Stops a running one; what it was before, null when there is none. */
  cancel: { ask: { id: string; keyId: string }; answer: KeptAnswer | null };
  record: { ask: { id: string; events: readonly RecordedEvent[] }; answer: null };
  /** Events after that number, at most some hundred kilobytes of them. */
  events: { ask: { id: string; after: number }; answer: readonly RecordedEvent[] };
}

export type KeptQuestion = keyof KeptQuestions;

/** A question with what it is about, as it travels between threads. */
export type KeptAsk = { [Q in KeptQuestion]: { do: Q; ask: KeptQuestions[Q]['ask'] } }[KeptQuestion];
export type KeptReply = KeptQuestions[KeptQuestion]['answer'];
