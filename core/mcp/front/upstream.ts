import type { JsonObject } from '@headgate/sdk';
import { canonicalError } from '../../errors.js';
import type { FrontCaller } from '../front-protocol.js';
import { unsaid } from '../hub/at-server.js';
import { credentialErrorIn } from '../hub/auth/credentials.js';
import { withInput } from '../hub/call-tool.js';
import { whyOf } from '../hub/failure.js';
import type { McpHub } from '../hub/hub.js';
import type { ServerLink } from '../hub/server-link.js';
import type { ListKind, McpRefusal, ToolInput } from '../protocol.js';
import { NeedsSignIn } from './needs-sign-in.js';
import { INTERNAL, INVALID_PARAMS, Refused } from './refused.js';

/** What may be asked of servers beside their tools. */
export type AskedMethod =
  | 'prompts/get'
  | 'resources/read'
  | 'resources/subscribe'
  | 'resources/unsubscribe'
  | 'completion/complete'
  | 'logging/setLevel';

/** The connection that clients share, or that of whoever asks. Throws Refused. */
export function reach(hub: McpHub, server: string, { behalf }: FrontCaller): ServerLink {
  try {
    const link = hub.reach(server, behalf[server] ?? null);
    if (link !== undefined) return link;
  } catch (error) {
    throw new Refused(
      INTERNAL,
      `The MCP server "${server}" is not available: ${whyOf(error, (text) => text)}.`,
    );
  }
  throw new Refused(INTERNAL, `There is no MCP server "${server}".`);
}

export type OtherList = Exclude<ListKind, 'tools'>;

/** Asks a server, and gives back what it says as it is. Rejects with Refused. */
export async function askServer(
  link: ServerLink,
  method: AskedMethod,
  params: JsonObject,
  signal: AbortSignal,
  input: ToolInput | null = null,
): Promise<JsonObject> {
  const { config } = link;
  link.running++;
  try {
    const { client } = await link.connect();
    const timeout = config.timeouts.callMs;
    const asks = input !== null && client.getProtocolEra() === 'modern';
    const all = asks ? { ...params, ...withInput(input) } : params;
    const result = (await client.request(
      { method: method as 'ping', params: all as Record<string, never> },
      {
        signal,
        timeout,
        maxTotalTimeout: timeout,
        allowInputRequired: asks,
      },
    )) as JsonObject;
    const text = JSON.stringify(result);
    if (Buffer.byteLength(text) > config.resultLimitBytes)
      throw new Refused(
        INTERNAL,
        `What the MCP server "${config.id}" returned is larger than the ${config.resultLimitBytes} bytes that this gateway ` +
          'accepts (result_limit).',
      );
    return unsaid(result, text, link.credentials.secrets());
  } catch (error) {
    throw error instanceof Refused ? error : refusal(error, link);
  } finally {
    link.running--;
  }
}

/** What a server lists, as long as that is known to hold. Rejects with Refused. */
export async function listOf(link: ServerLink, kind: OtherList): Promise<readonly JsonObject[]> {
  try {
    return (await link.items(kind)).items;
  } catch (error) {
    throw refusal(error, link);
  }
}

/** Whether the server offers such things at all. */
export async function offers(link: ServerLink, what: 'completions'): Promise<boolean> {
  try {
    const { client } = await link.connect();
    return client.getServerCapabilities()?.[what] !== undefined;
  } catch (error) {
    throw refusal(error, link);
  }
}

/** Errors of the protocol are the server's own words; others are told by us. */
function refusal(error: unknown, link: ServerLink): Refused {
  const missing = credentialErrorIn(error);
  if (missing !== null) return credentialRefused(missing.refusal);
  const { code, data } = (error ?? {}) as { code?: unknown; data?: unknown };
  const why = whyOf(error, link.hide);
  if (typeof code === 'number') {
    const said = data === undefined ? data : unsaid(data, JSON.stringify(data), link.credentials.secrets());
    return new Refused(code, why, said);
  }
  return new Refused(INTERNAL, `The MCP server "${link.config.id}" is not available: ${why}.`);
}

function credentialRefused({ code, details }: McpRefusal): Refused {
  const { path } = details;
  // Where that is the client knows best.
  if (path !== undefined)
    return new NeedsSignIn(code, canonicalError(code, { ...details, url: path }).message, path);
  const { message, status } = canonicalError(code, details);
  return new Refused(INVALID_PARAMS, message, { code, status });
}
