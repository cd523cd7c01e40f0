import type { MessagePort } from 'node:worker_threads';

/** The tasks of the pool: name, what goes in, what comes out. Both are copied between threads. */
export interface TaskTypes {
  countTokens: {
    payload: { model: string; text: string };
    /** Whole tokens; see `tokens/encoding-of.ts` for how near the truth they are. */
    result: number;
  };
  /** What two texts have in common, word by word. */
  diffWords: { payload: { before: string; after: string }; result: WordChange[] };
  /** A program of somebody who is not trusted. */
  runProgram: { payload: ProgramTask; result: ProgramEnd };
}

/** A piece of two texts: those that are the same or out make up the first one, those that are the same or in the second. */
export interface WordChange {
  readonly op: 'same' | 'out' | 'in';
  readonly text: string;
}

export interface ProgramTask {
  /** The body of an asynchronous function; what it returns is its result. */
  readonly source: string;
  /** What it can call, by the object and the name there; a call says which by its place in this list. */
  readonly functions: readonly (readonly [object: string, name: string])[];
  readonly limits: ProgramLimits;
  /** {@link ProgramCall} leaves here, {@link ProgramReply} comes; it is transferred. */
  readonly port: MessagePort;
}

export interface ProgramLimits {
  /** Of its own working. */
  readonly cpuMs: number;
  /** With what it waits for. */
  readonly timeoutMs: number;
  readonly memoryBytes: number;
  /** Characters of its result, and of what it says on its console. */
  readonly outputChars: number;
  /** In all, and at once. */
  readonly calls: number;
  readonly parallel: number;
}

/** Something that a program calls. */
export interface ProgramCall {
  readonly id: number;
  /** Its place among the functions. */
  readonly callee: number;
  /** JSON, as the program has written it. */
  readonly argument: string;
}

/** What came of it: JSON of a value, or the words of an error that the program can catch. */
export type ProgramReply = { readonly id: number } & ({ readonly json: string } | { readonly error: string });

export interface ProgramEnd {
  /** A text as it is, anything else as JSON; cut off at the limit. '' where there is nothing. */
  readonly result: string;
  /** Its whole length. */
  readonly length: number;
  /** Why it came to nothing; null where it did not. */
  readonly error: string | null;
  /** What it said on its console, cut off at the limit. */
  readonly console: string;
  readonly calls: number;
}

export type TaskName = keyof TaskTypes;

/** A task as it travels to a thread. */
export type TaskMessage = { [N in TaskName]: { name: N; payload: TaskTypes[N]['payload'] } }[TaskName];

/** One function per task; the mapped type breaks the build when one is forgotten. */
export type TaskHandlers = {
  [N in TaskName]: (
    payload: TaskTypes[N]['payload'],
  ) => TaskTypes[N]['result'] | Promise<TaskTypes[N]['result']>;
};
