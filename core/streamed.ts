import type { HeaderList } from '@headgate/sdk';
import type { McpProgramAsk } from './mcp/code/program.js';
import type { McpFrontAsk, McpQuestion, McpReport, McpToldAnswer } from './mcp/front-protocol.js';

/** An answer of the admin API that waits to be fetched, see `ControlAnswer`. */
export interface AdminStreamAsk {
  readonly about: 'admin';
  readonly id: string;
}

/** What the main thread answers piece by piece. */
export type StreamAsk = McpFrontAsk | McpProgramAsk | AdminStreamAsk;

/** Where such an answer goes: an I/O thread that has the client. */
export interface AnswerStream {
  /** Before everything else, once. @param stays when the client leaves, what it has asked for goes on for a while: it may come back */
  start(status: number, headers: HeaderList, stays: boolean): void;
  /** `took` of the source says when the client has it. The bytes are the receiver's from now on. */
  write(bytes: Uint8Array): void;
  /** The client has come back for it over another request: this one is over, and what was asked goes on. */
  detach(): void;
  /** It is whole. */
  end(): void;
  /** It is not, and nothing more comes. */
  fail(why: string): void;
  /** Something that only the I/O thread can do for the client, who is known there. Rejects when the client is gone. */
  ask(question: McpQuestion): Promise<McpToldAnswer>;
  /** A question is of no interest any longer. */
  withdraw(question: string): void;
}

/** The other end of it: the answer as the main thread makes it. */
export interface StreamSource {
  /** So many bytes have left for the client. No more than a window of bytes is on its way. */
  took(bytes: number): void;
  /** How far a question is. */
  report(report: McpReport): void;
  /** The client is gone, from an answer that stays: it is ended from this side. */
  left(): void;
  /** The client is gone: nothing more is wanted. */
  stop(): void;
}

/** Most bytes of one answer on their way to the client. */
export const STREAM_WINDOW_BYTES = 512 * 1024;
