import type { ToolResult } from '@headgate/sdk';
import type { McpToldAnswer, ToldError, ToldTool } from '../front-protocol.js';
import type { Asking } from './desk.js';
import { NeedsSignIn } from './needs-sign-in.js';
import { INTERNAL, INVALID_PARAMS, Refused } from './refused.js';

/** The caller's tools at these servers. Rejects with Refused. */
export async function toldTools(
  pump: Asking['pump'],
  servers: readonly string[],
): Promise<readonly ToldTool[]> {
  if (servers.length === 0) return [];
  const answer: McpToldAnswer = await pump.ask({ ask: 'tools', servers });
  if ('error' in answer) throw protocolError(answer.error);
  return 'tools' in answer ? answer.tools : [];
}

/** Of a call: the tool's own failure, or an error of the protocol. Throws Refused. */
export function refused(error: ToldError): ToolResult {
  // A model can mend this one by itself, so it is told as the tool's own failure.
  if (error.code === 'mcp_arguments_invalid')
    return { content: [{ type: 'text', text: error.message }], isError: true };
  throw protocolError(error);
}

/** As the protocol tells it. */
export function protocolError({ code, message, status, retryAfterMs, url }: ToldError): Refused {
  if (url !== null) return new NeedsSignIn(code, message, url);
  const data = { code, status, ...(retryAfterMs !== null && { retry_after_ms: retryAfterMs }) };
  return new Refused(status === 403 || status === 404 ? INVALID_PARAMS : INTERNAL, message, data);
}
