import type { JsonObject } from '@headgate/sdk';
import type { McpAsk, McpReply } from '../protocol.js';
import { atServer, type CallOptions, requestOptions } from './at-server.js';
import type { ServerLink } from './server-link.js';

/** Passes a request on as it is: what resources hold, prompts, completions. Rejects with Unavailable when its server cannot be had. */
export async function passRequest(
  link: ServerLink,
  { server, method, params, timeoutMs }: Extract<McpAsk, { do: 'request' }>,
  options: CallOptions,
): Promise<McpReply> {
  const done = await atServer(link, { server, tool: method, timeoutMs }, ({ client }) =>
    client.request({ method, params } as unknown as { method: 'ping' }, requestOptions(options, timeoutMs)),
  );
  return 'refused' in done ? done : { answer: done.value as JsonObject };
}
