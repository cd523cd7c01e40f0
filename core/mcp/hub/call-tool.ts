import type { JsonObject, ToolResult } from '@headgate/sdk';
import type { McpAsk, McpReply, ToolInput } from '../protocol.js';
import { atServer, type CallOptions, requestOptions } from './at-server.js';
import type { ServerLink } from './server-link.js';

/** One call of a tool. Rejects with Unavailable when its server cannot be had. */
export async function callTool(
  link: ServerLink,
  ask: Extract<McpAsk, { do: 'call' }>,
  options: CallOptions,
): Promise<McpReply> {
  const { server, tool, timeoutMs } = ask;
  const { name, inputSchema, fingerprint } = tool;
  if (link.isPinned(name)) {
    // It may have changed since the caller saw it.
    const { tools } = await link.tools();
    if (!tools.some((one) => one.fingerprint === fingerprint))
      return { refused: { code: 'mcp_tool_held', details: { server, tool: name }, sent: false } };
  }
  const done = await atServer(link, { server, tool: name, timeoutMs }, ({ client }) => {
    const input = client.getProtocolEra() === 'modern' ? ask.input : undefined;
    return client.callTool(
      { name, arguments: ask.arguments, ...besideCall(input, ask.meta) },
      {
        ...requestOptions(options, timeoutMs),
        allowInputRequired: input !== undefined,
        // Some parameters go into headers, which its schema says. What it promises of results is looked at by who asked.
        toolDefinition: { name, inputSchema: inputSchema as { type: 'object' } },
      },
    );
  });
  return 'refused' in done ? done : { result: done.value as unknown as ToolResult };
}

function besideCall(input: ToolInput | undefined, meta: JsonObject | undefined): object {
  if (input === undefined) return meta === undefined ? {} : { _meta: meta };
  const { _meta, ...rest } = withInput(input);
  return { ...rest, _meta: { ...meta, ..._meta } };
}

/** As the protocol has it. The connection serves many clients, so what this one can do goes along with its call. */
export function withInput({ capabilities, responses, state }: ToolInput): { readonly _meta: JsonObject } {
  return {
    ...(responses !== null && { inputResponses: responses }),
    ...(state !== null && { requestState: state }),
    _meta: { 'io.modelcontextprotocol/clientCapabilities': capabilities },
  };
}
