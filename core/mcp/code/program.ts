import type { McpCodeConfig } from '../../config/mcp-config.js';

/** A program that a model has written. */
export interface ProgramText {
  /** The body of an asynchronous function; what it returns is its result. */
  readonly source: string;
  /** What it can call, by the object and the name there; a call says which by its place in this list. */
  readonly functions: readonly (readonly [object: string, name: string])[];
  readonly limits: McpCodeConfig;
}

/** What came of a program. */
export interface ProgramEnd {
  /** A text as it is, anything else as JSON; cut off at the limit. '' where there is nothing. */
  readonly result: string;
  /** Its whole length, characters. */
  readonly length: number;
  /** Why it came to nothing; null where it did not. */
  readonly error: string | null;
  /** What it said on its console, cut off at the limit. */
  readonly console: string;
  readonly calls: number;
}

/** Calls one of the functions; what it gives is JSON. Rejects with an Error whose message the program is told. */
export type ProgramCall = (callee: number, argument: string, signal: AbortSignal) => Promise<string>;

/**
 * Runs a program in a sandbox without network, files and anything else of the machine. Rejects with the signal's reason; all else that
 * goes wrong is said by the end.
 */
export type RunProgram = (
  program: ProgramText & { readonly call: ProgramCall; readonly signal: AbortSignal },
) => Promise<ProgramEnd>;

/** A program that an I/O thread wants to be run; its calls come back as questions. */
export interface McpProgramAsk {
  readonly about: 'program';
  readonly program: ProgramText;
}
