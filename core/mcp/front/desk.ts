import type { JsonObject } from '@headgate/sdk';
import type { AuthInfo, ServerContext } from '@modelcontextprotocol/server';
import type { McpCodeConfig } from '../../config/mcp-config.js';
import type { RunProgram } from '../code/program.js';
import type { FrontCaller } from '../front-protocol.js';
import type { ServerLink } from '../hub/server-link.js';
import type { ToolInput } from '../protocol.js';
import type { AnswerPump } from './answer-pump.js';
import type { BegunCall } from './begun-call.js';
import { INTERNAL, Refused } from './refused.js';
import type { Scope } from './scope.js';
import { SIGN_IN } from './sign-in-name.js';

/** What handlers of requests need of whoever they serve: a session, or a single request. */
export interface Desk {
  readonly scope: Scope;
  /** The connection to a server that is used for this request. Throws Refused. */
  link(server: string, caller: FrontCaller): ServerLink;
  /** The session whose connection that is; '' for one that sessions share. */
  owner(server: string, caller: FrontCaller): string;
  /** A request is with a server, until this is called: what the server wants meanwhile belongs to it. */
  with(server: string, request: string | number): () => void;
  /** For virtual servers whose tools are called by programs. */
  readonly code: CodeDesk;
  /** Null where there are no sessions. */
  readonly state: DeskState | null;
}

export interface CodeDesk {
  readonly run: RunProgram;
  readonly limits: McpCodeConfig;
  /** Found by one search. */
  readonly most: number;
  needsApproval(server: string, tool: string): boolean;
}

/** What a session's client has asked for, for as long as the session is. */
export interface DeskState {
  setLevel(level: string, signal: AbortSignal): Promise<void>;
  subscribe(server: string, uri: string, caller: FrontCaller, signal: AbortSignal): Promise<void>;
  unsubscribe(server: string, uri: string, caller: FrontCaller, signal: AbortSignal): Promise<void>;
  /** Where a resource was found before. */
  readonly places: Map<string, string>;
}

/** Whoever has sent a request, beside it. */
export interface Asking {
  readonly caller: FrontCaller;
  readonly pump: AnswerPump;
  /** The call that was made already, where it is a plain one. */
  readonly begun: BegunCall | null;
}

/** As the protocol library carries it to handlers. */
export function authOf(asking: Asking): AuthInfo {
  return { token: '', clientId: asking.caller.keyId, scopes: [], extra: { asking } };
}

export function askingOf(ctx: ServerContext): Asking {
  const asking = ctx.http?.authInfo?.extra?.['asking'];
  if (asking === undefined) throw new Refused(INTERNAL, 'The request came without its caller.');
  return asking as Asking;
}

/** What a client of a revision without sessions says beside its call; null in a session, where servers ask by requests. */
export function inputOf({ mcpReq }: ServerContext): ToolInput | null {
  const envelope = mcpReq.envelope as JsonObject | undefined;
  const capabilities = envelope?.['io.modelcontextprotocol/clientCapabilities'];
  if (capabilities === undefined) return null;
  return {
    capabilities: capabilities as JsonObject,
    responses: othersIn(mcpReq.inputResponses as JsonObject | undefined),
    state: mcpReq.requestState<string>() ?? null,
  };
}

/** What servers behind have asked for; the gateway's own question is none of theirs. */
function othersIn(responses: JsonObject | undefined): JsonObject | null {
  if (responses === undefined) return null;
  const { [SIGN_IN]: own, ...others } = responses;
  return own !== undefined && Object.keys(others).length === 0 ? null : others;
}
