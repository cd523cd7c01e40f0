import type { Part } from './canonical/part.js';
import type { CanonicalRequest } from './canonical/request.js';
import type { JsonObject, JsonValue } from './json.js';

/**
 * Of a chat API at which the gateway may add tools of servers to requests, and may run them: what of such a run its clients
 * see. The API must write its answers as Server-Sent Events and whole, and have codecs for both.
 */
export interface ToolRunFormat {
  /** What stands between the texts of two rounds, where the API has one text for all of them; '' where it has several. */
  readonly between: string;
  /** Of an API that has words of its own for tools that run elsewhere; null where clients only see texts. */
  readonly items: ServerToolItems | null;
}

/** A server whose tools a request asks for among its tools. */
export interface AskedServer {
  /** The name that the request gives it. */
  readonly label: string;
  /** Its address, where the request says one. */
  readonly url: string | null;
  /** Token that it is to be asked with; null for none. */
  readonly authorization: string | null;
  /** What it is to be asked with beside that. */
  readonly headers: Readonly<Record<string, string>>;
  /** Names of tools; null for all. */
  readonly allowed: readonly string[] | null;
  /** Only tools that say of themselves that they change nothing. */
  readonly readOnly: boolean;
  /** Whether the client is to agree to calls of a tool. */
  needsApproval(tool: string): boolean;
}

/** What an item of a conversation says of an earlier run. `server` is what the request called it. */
export type RunItem =
  | { readonly kind: 'list'; readonly server: string }
  | {
      readonly kind: 'call';
      readonly id: string;
      readonly server: string;
      readonly tool: string;
      readonly arguments: string;
      readonly output: string;
      readonly failed: boolean;
      /** Of the question that it was agreed to by; '' when nobody had to. */
      readonly question: string;
    }
  | {
      readonly kind: 'question';
      readonly id: string;
      readonly server: string;
      readonly tool: string;
      readonly arguments: string;
    }
  | { readonly kind: 'reply'; readonly question: string; readonly approve: boolean; readonly reason: string };

/** A call as its item tells of it. */
export interface ItemCall {
  readonly id: string;
  readonly server: string;
  readonly tool: string;
  readonly arguments: string;
  /** Of the question that it was agreed to by; '' when nobody had to. */
  readonly question: string;
  /** Null while it runs. */
  readonly result: { readonly text: string; readonly failed: boolean } | null;
}

/** A tool as a list of them tells of it. */
export interface ItemTool {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: JsonObject;
  readonly annotations: JsonObject;
}

/** The words that an API has for tools that run elsewhere (OpenAI's Responses: tools and items of the type `mcp`). */
export interface ServerToolItems {
  /** Stands in the bytes of every request that uses them. */
  readonly mark: string;
  /** A tool of the request that stands for a server; null for any other. Throws MalformedBody. */
  asked(tool: JsonObject): AskedServer | null;
  /** A choice among tools that means one of a server, or any of its; null for any other. */
  chosen(choice: JsonValue): { readonly server: string; readonly tool: string | null } | null;
  /** What an item says of a run; null for any other. */
  read(item: JsonObject): RunItem | null;
  list(id: string, server: string, tools: readonly ItemTool[], error: string | null): JsonObject;
  /** In a stream it is written twice: while the call runs, and when it has a result. */
  call(call: ItemCall): JsonObject;
  question(id: string, server: string, tool: string, args: string): JsonObject;
  /** What a round asks of its provider: to keep nothing, and to say all that must be said again. */
  round(request: CanonicalRequest): CanonicalRequest;
  /** Parts of an answer as they are said again in the next round: without what only their provider would know. */
  again(parts: readonly Part[]): Part[];
}
