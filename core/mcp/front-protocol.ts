import type { HeaderList, JsonObject, ToolResult } from '@headgate/sdk';
import type { ErrorCode } from '../errors.js';
import type { Behalf, CountedMethod, ToolDefinition, ToolInput, ToolProgress } from './protocol.js';

/** An HTTP request to the gateway as a server of the protocol, from an I/O thread, which knows who asks. */
export interface McpFrontAsk {
  readonly about: 'mcp';
  readonly method: string;
  readonly headers: HeaderList;
  readonly body: Uint8Array;
  /** After `/mcp/`; null for all servers together. */
  readonly name: string | null;
  readonly caller: FrontCaller;
  /** What another node is told where the session is its own; null where there is none, or where another has passed this on. */
  readonly passed: PassedRequest | null;
}

/** A request as it came, for a node that does not know the caller yet. */
export interface PassedRequest {
  /** Without the query, which nothing here looks at and where keys get lost. */
  readonly path: string;
  readonly headers: HeaderList;
  /** Of the client. */
  readonly address: string;
}

/** Who asks, as far as the main thread must know. */
export interface FrontCaller {
  readonly keyId: string;
  /** Ids of the servers that it may use, in the order of the configuration. */
  readonly servers: readonly string[];
  /** Of those that have another credential for each of their users, by id, what of the request they are to see. */
  readonly behalf: Readonly<Record<string, Behalf>>;
  /** Where the client has found the gateway, for links: without a path. */
  readonly base: string;
}

/** What the main thread asks the thread that has the client: there are the rules, limits and budgets. */
export type McpQuestion =
  | { readonly ask: 'tools'; readonly servers: readonly string[] }
  /** What a program calls, by its place among the functions that it was given; the argument is JSON. */
  | { readonly ask: 'function'; readonly id: string; readonly callee: number; readonly argument: string }
  /** Something beside tools is about to be asked of a server: may it be, and it counts from now on until `counted`. */
  | { readonly ask: 'count'; readonly id: string; readonly server: string; readonly what: CountedMethod }
  /** What became of it: it costs its price if the server has answered. */
  | { readonly ask: 'counted'; readonly id: string; readonly answered: boolean }
  | {
      readonly ask: 'call';
      /** Names the question. */
      readonly id: string;
      readonly server: string;
      /** Its own name at the server. */
      readonly tool: string;
      readonly arguments: JsonObject;
      /** Whose own connection is used; '' for the one that all share. */
      readonly session: string;
      readonly progress: boolean;
      readonly input: ToolInput | null;
      /** What the client says beside it for the server; null for nothing. */
      readonly meta: JsonObject | null;
    };

export interface ToldTool {
  readonly server: string;
  readonly tool: ToolDefinition;
}

export type McpToldAnswer =
  | { readonly done: true }
  | { readonly tools: readonly ToldTool[] }
  | { readonly result: ToolResult }
  | { readonly json: string }
  /** Of a function; the program is told these words. */
  | { readonly failed: string }
  | { readonly error: ToldError };

/** An error by the table of errors. */
export interface ToldError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly status: number;
  readonly retryAfterMs: number | null;
  /** What is to be opened in a browser first; null for nothing. */
  readonly url: string | null;
}

/** Progress of a question. */
export interface McpReport {
  readonly id: string;
  readonly progress: ToolProgress;
}
