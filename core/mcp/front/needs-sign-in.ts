import { randomUUID } from 'node:crypto';
import type { JsonObject } from '@headgate/sdk';
import type { Server, ServerContext } from '@modelcontextprotocol/server';
import type { ErrorCode } from '../../errors.js';
import { askingOf, inputOf } from './desk.js';
import type { McpLibrary } from './make-server.js';
import { INVALID_PARAMS, Refused } from './refused.js';
import { SIGN_IN } from './sign-in-name.js';

/** Somebody must sign in at a server first. */
export class NeedsSignIn extends Refused {
  constructor(
    readonly error: ErrorCode,
    message: string,
    /** With or without the host. */
    readonly url: string,
  ) {
    super(INVALID_PARAMS, message);
  }
}

/**
 * How a client is told: as a page to be opened, where it can do that (by an error of older revisions, by a question of the newest),
 * else by an error. Returns an answer or throws.
 */
export function askToSignIn(mcp: McpLibrary, server: Server, needs: NeedsSignIn, ctx: ServerContext): object {
  const url = new URL(needs.url, askingOf(ctx).caller.base).href;
  const message = needs.message.replace(needs.url, url);
  const refused = new mcp.ProtocolError(needs.code, message, {
    code: needs.error,
    status: 403,
    authorize_url: url,
  });
  const input = inputOf(ctx);
  if (input === null) {
    if (server.getClientCapabilities()?.elicitation?.url === undefined) throw refused;
    throw new mcp.UrlElicitationRequiredError(
      [{ mode: 'url', elicitationId: randomUUID(), url, message }],
      message,
    );
  }
  const { elicitation } = input.capabilities as { elicitation?: { url?: JsonObject } };
  const wasAsked = ctx.mcpReq.inputResponses?.[SIGN_IN] !== undefined;
  // Whoever was asked and has not signed in is not asked for ever.
  if (elicitation?.url === undefined || wasAsked || !ASKABLE.includes(ctx.mcpReq.method)) throw refused;
  return mcp.inputRequired({ inputRequests: { [SIGN_IN]: mcp.inputRequired.elicitUrl({ message, url }) } });
}

/** Requests that may be answered by a question. */
const ASKABLE: readonly string[] = ['tools/call', 'prompts/get', 'resources/read'];
