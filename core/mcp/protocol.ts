import type { JsonObject, ToolResult } from '@headgate/sdk';
import type { ServerUrlRules } from '../config/server-url-rules.js';
import type { ErrorCode } from '../errors.js';

/** A tool as its server lists it. */
export interface ToolDefinition {
  /** Its own name at its server. */
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** JSON Schema of its arguments. */
  readonly inputSchema: JsonObject;
  /** JSON Schema of `structuredContent`; null where it promises nothing. */
  readonly outputSchema: JsonObject | null;
  /** JSON Schema of what an API is said to answer with, which nobody holds it to; null where nothing is known. */
  readonly returns: JsonObject | null;
  /** What the server says of it: hints, not promises. */
  readonly annotations: JsonObject;
  /** What else it says for people and programs that show it, as it says it: icons, `_meta`; empty where it says nothing. */
  readonly extra: JsonObject;
  /** `sha256:…` of all of it but `extra`: of what a model is told. */
  readonly fingerprint: string;
}

/** A tool as it was pinned. */
export interface PinnedTool {
  readonly fingerprint: string;
  /** Null where only its fingerprint is known. */
  readonly tool: ToolDefinition | null;
}

/** A tool that is not what was pinned. */
export interface HeldTool {
  readonly server: string;
  readonly now: ToolDefinition;
  readonly pinned: PinnedTool;
  /** The configuration names the fingerprint, so only it can accept another one. */
  readonly byConfig: boolean;
}

/** A server that a request brings along by its address. */
export interface GuestServer {
  /** What records and messages call it. */
  readonly place: string;
  readonly url: string;
  /** Lower-case names. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** What addresses it may have. */
  readonly rules: ServerUrlRules;
  readonly callMs: number;
  /** It is ended after so long, whoever has forgotten it. */
  readonly longestMs: number;
}

/** What servers list. */
export type ListKind = 'tools' | 'resources' | 'resourceTemplates' | 'prompts';

/** What a server lists beside tools, as it lists it. */
export interface ItemList {
  readonly items: readonly JsonObject[];
  /** Unix milliseconds from which on it must be asked for again. */
  readonly freshUntil: number;
  readonly shared: boolean;
}

/** The tools a server offers. */
export interface ToolList {
  /** By name, each once. Frozen by convention: threads share it. */
  readonly tools: readonly ToolDefinition[];
  /** Tools that are not what was pinned, with the fingerprint that they have now. */
  readonly held: readonly { readonly name: string; readonly fingerprint: string }[];
  /** Unix milliseconds from which on it must be asked for again; a `changed` notice may come earlier. */
  readonly freshUntil: number;
  /** The list is the same for all callers. */
  readonly shared: boolean;
}

/** One step of a call that tells how far it is. */
export interface ToolProgress {
  readonly progress: number;
  readonly total?: number;
  readonly message?: string;
}

/** How a server is, for people. */
export interface ServerState {
  readonly id: string;
  readonly transport: string;
  /** `idle`: nobody has needed it yet, or not for long. */
  readonly state: 'idle' | 'connecting' | 'ready' | 'failed';
  /** Why it failed; '' otherwise. */
  readonly why: string;
  /** Unix milliseconds before which it is not tried again; null when it may be at once. */
  readonly retryAt: number | null;
  /** Since when it is ready, unix milliseconds; null when it is not. */
  readonly since: number | null;
  /** Its name, version and protocol revision as it says; '' when it was never reached. */
  readonly name: string;
  readonly version: string;
  readonly protocol: string;
  /** Of its process; null where it has none. */
  readonly pid: number | null;
  /** Tools of its last list; null when it was never listed. */
  readonly tools: number | null;
  readonly held: readonly { readonly name: string; readonly fingerprint: string }[];
  readonly running: number;
  /** How often it had to be connected again. */
  readonly restarts: number;
  /** Users with a connection of their own; null where all share one. */
  readonly users: number | null;
  /** Why the caller cannot use it as yet: there is no credential; null where nothing is missing, or it is not known. */
  readonly needs: McpRefusal | null;
}

/** What is passed to a server as it is. */
export type PassedMethod =
  | 'resources/read'
  | 'resources/subscribe'
  | 'resources/unsubscribe'
  | 'prompts/get'
  | 'completion/complete'
  | 'logging/setLevel';

/** What of that is counted and may have a price. */
export type CountedMethod = 'prompts/get' | 'resources/read';

/** What a client of the newest revision says beside a call, so that the server can ask it for something by its answer. */
export interface ToolInput {
  /** What it can be asked. */
  readonly capabilities: JsonObject;
  /** What it was asked for by the answer before; null when this is the first. */
  readonly responses: JsonObject | null;
  /** What the server has given it to bring back. */
  readonly state: string | null;
}

/** The server has not finished: it wants to know something first. */
export function isQuestion(result: ToolResult): boolean {
  return result['resultType'] === 'input_required';
}

/** On whose behalf a server is asked that has another credential for each of its users. Holds secrets. */
export interface Behalf {
  /** Whose connection, lists and results these are, such as `user:ada`. */
  readonly owner: string;
  /** Headers of the request itself that are passed on. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** The token that the caller has come with; null where it is not needed. */
  readonly token: string | null;
  /** Why there can be no credential; null where there may be one. */
  readonly missing: McpRefusal | null;
}

/** What threads ask of the main thread, which has the connections. `behalf` is null where all come with the same credential. */
export type McpAsk =
  | { readonly do: 'tools'; readonly server: string; readonly behalf: Behalf | null }
  | {
      readonly do: 'list';
      readonly server: string;
      readonly what: Exclude<ListKind, 'tools'>;
      readonly behalf: Behalf | null;
    }
  /** Anything else that a server answers, as the protocol names it. */
  | {
      readonly do: 'request';
      readonly server: string;
      readonly behalf: Behalf | null;
      readonly method: PassedMethod;
      readonly params: JsonObject;
      readonly call: string;
      readonly timeoutMs: number;
      readonly progress: boolean;
    }
  | {
      readonly do: 'call';
      readonly server: string;
      readonly behalf: Behalf | null;
      readonly tool: ToolDefinition;
      readonly arguments: JsonObject;
      /** Names the call in `cancel` and in notices; unique over threads. */
      readonly call: string;
      readonly timeoutMs: number;
      /** Whose own connection is used; '' for the one that all share. */
      readonly session: string;
      /** Left out: the server cannot ask anything, or asks over the session's connection. */
      readonly input?: ToolInput;
      /** `_meta` of the call, as the caller gave it. */
      readonly meta?: JsonObject;
      /** Progress is sent as notices. */
      readonly progress: boolean;
    }
  /** A call whose caller has left; it ends as one that failed. */
  | { readonly do: 'cancel'; readonly call: string }
  /** From now on `server` names a connection to it, until `end`. */
  | { readonly do: 'begin'; readonly server: string; readonly guest: GuestServer }
  | { readonly do: 'end'; readonly server: string }
  /** Tools that are held back, as they were last listed. */
  | { readonly do: 'held' }
  /** How servers are; of those with credentials of users, how the caller's own connections are. */
  | { readonly do: 'states'; readonly behalf: Readonly<Record<string, Behalf>> };

/** Something that did not work, by the table of errors. */
export interface McpRefusal {
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, string>>;
  readonly retryAfterMs?: number;
  /** The call reached its server, which may have done its work. */
  readonly sent: boolean;
}

export type McpReply =
  | { readonly tools: ToolList }
  | { readonly result: ToolResult }
  | { readonly list: ItemList }
  /** The answer to a request that was passed. */
  | { readonly answer: JsonObject }
  | { readonly states: readonly ServerState[] }
  | { readonly held: readonly HeldTool[] }
  | { readonly done: true }
  | { readonly refused: McpRefusal };

/** What the main thread tells all threads. */
export type McpNotice =
  /** Lists of a server are not what they were. */
  | { readonly about: 'changed'; readonly server: string; readonly what: ListKind }
  | { readonly about: 'progress'; readonly call: string; readonly progress: ToolProgress };
