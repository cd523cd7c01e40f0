import type { ToolResult } from '@headgate/sdk';
import type { McpAsk, McpReply, ToolProgress } from '../protocol.js';
import type { Connection } from './connect.js';
import { statusOf } from './connect.js';
import { callFailure, tooLarge, whyOf } from './failure.js';
import type { ServerLink } from './server-link.js';

export interface CallOptions {
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: ToolProgress) => void;
}

/** One call of a tool. Rejects with Unavailable when its server cannot be had. */
export async function callTool(
  link: ServerLink,
  ask: Extract<McpAsk, { do: 'call' }>,
  options: CallOptions,
): Promise<McpReply> {
  link.running++;
  try {
    return await tried(link, ask, options);
  } finally {
    link.running--;
  }
}

async function tried(
  link: ServerLink,
  ask: Extract<McpAsk, { do: 'call' }>,
  options: CallOptions,
  again = false,
): Promise<McpReply> {
  const { server, tool, timeoutMs } = ask;
  const limitBytes = link.config.resultLimitBytes;
  const connection = await link.connect();
  if (link.isPinned(tool.name)) {
    // It may have changed since the caller saw it.
    const { tools } = await link.tools();
    if (!tools.some(({ fingerprint }) => fingerprint === tool.fingerprint))
      return { refused: { code: 'mcp_tool_held', details: { server, tool: tool.name }, sent: false } };
  }
  const asked = { server, tool: tool.name, timeoutMs, limitBytes };
  try {
    const result = await sent(connection, ask, options);
    return sizeOf(result) > limitBytes ? { refused: tooLarge(asked) } : { result };
  } catch (error) {
    // Its session is over, as servers do that were restarted: the call did not reach it.
    if (statusOf(error) === 404 && !again) {
      link.drop(connection, 'it has forgotten our session');
      return tried(link, ask, options, true);
    }
    if (isUnreachable(error)) link.drop(connection, whyOf(error, link.hide));
    const refused = callFailure(error, asked, link.hide);
    const why = link.hide(connection.transport.why);
    if (refused.code !== 'mcp_server_gone' || why === '') return { refused };
    return { refused: { ...refused, details: { ...refused.details, why } } };
  }
}

async function sent(
  { client }: Connection,
  { tool, arguments: given, timeoutMs }: Extract<McpAsk, { do: 'call' }>,
  { signal, onProgress }: CallOptions,
): Promise<ToolResult> {
  const { name, inputSchema } = tool;
  const result = await client.callTool(
    { name, arguments: given },
    {
      signal,
      timeout: timeoutMs,
      maxTotalTimeout: timeoutMs,
      // Some parameters go into headers, which its schema says. What it promises of results is looked at by who asked.
      toolDefinition: { name, inputSchema: inputSchema as { type: 'object' } },
      ...(onProgress !== undefined && {
        onprogress: ({ progress, total, message }) =>
          onProgress({
            progress,
            ...(total !== undefined && { total }),
            ...(message !== undefined && { message }),
          }),
      }),
    },
  );
  return result as unknown as ToolResult;
}

/** Nothing came of it at all: not a status, not an answer. */
function isUnreachable(error: unknown): boolean {
  return error instanceof TypeError && error.message === 'fetch failed';
}

/** In bytes of JSON. */
function sizeOf(result: ToolResult): number {
  return Buffer.byteLength(JSON.stringify(result));
}
