import { randomBytes } from 'node:crypto';
import type { AskedServer } from '@headgate/sdk';
import { type GatewayError, gatewayError } from '../../errors.js';
import type { Exchange } from '../../exchange.js';
import type { VirtualKey } from '../../identity/virtual-key.js';
import { guestConfig } from '../guest-config.js';
import type { GuestServer, McpRefusal } from '../protocol.js';
import { refusalError } from '../refusal.js';
import { allowedUrl, urlPlace } from '../server-url.js';
import { ToolAccess } from '../tool-access.js';
import type { OfferedTool } from '../tool-run.js';
import { META_SERVER } from './meta-tools.js';
import type { WantedServer } from './wanted.js';

/** Most of one request. */
const MOST = 8;
/** A connection is closed with its request; if that is forgotten, so long after the longest run. */
const MARGIN_MS = 60_000;
const CALL_MS = 60_000;
/** Not for a request to say: of the connection, or the protocol's own. */
const OURS =
  /^(host|connection|content-length|content-type|accept|transfer-encoding|upgrade|te|trailer|keep-alive|expect|proxy-.*|mcp-.*|last-event-id)$/;

/**
 * The server that a tool of a request names by its address; null when the operator does not let the gateway ask there. Throws a
 * GatewayError for what makes no sense, or is not the caller's to use.
 */
export function guestOf(
  x: Exchange,
  { label, url: text, authorization, headers }: AskedServer,
): GuestServer | null {
  const { mcp } = x.runtime.config;
  const rules = mcp?.allowServerUrl ?? null;
  const url = text === null || rules === null ? null : allowedUrl(text, rules);
  if (mcp === null || rules === null || url === null) return null;
  if (label === META_SERVER || label.length > 200)
    throw wrong(`A server cannot be called "${label.slice(0, 100)}"`);
  const place = urlPlace(url);
  const who = ToolAccess.of(x.principal as VirtualKey).serverRefusedBy(place);
  if (who !== null) throw gatewayError('mcp_server_not_allowed', { who, server: place });
  const given = Object.entries(headers).map(([name, value]): [string, string] => [name.toLowerCase(), value]);
  for (const [name, value] of given)
    if (!/^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(name) || /[^\t\x20-\x7e\x80-\xff]/.test(value) || OURS.test(name))
      throw wrong(`headers of "${label}": "${name.slice(0, 100)}" cannot be given`);
  if (authorization !== null) {
    if (given.some(([name]) => name === 'authorization'))
      throw wrong(`"${label}" has an authorization and a header of that name`);
    if (!/^[\x21-\x7e]+$/.test(authorization))
      throw wrong(`authorization of "${label}" must be a token without spaces`);
    given.push(['authorization', `Bearer ${authorization}`]);
  }
  return {
    place,
    url: url.href,
    headers: given,
    rules,
    callMs: CALL_MS,
    longestMs: mcp.runs.timeoutMs + MARGIN_MS,
  };
}

/** The servers that one request has brought along: connections of its own, that end with it. */
export class GuestServers {
  private readonly ids: string[] = [];
  /** A run ends them. */
  taken = false;

  constructor(private readonly x: Exchange) {}

  /** Their tools that the caller may use. Rejects with a GatewayError when one cannot be had. */
  async offered(servers: readonly WantedServer[]): Promise<OfferedTool[]> {
    const guests = servers.filter(({ guest }) => guest !== null);
    if (guests.length > MOST)
      throw wrong(`A request may name ${MOST} servers by their address, not ${guests.length}`);
    return (await Promise.all(guests.map((one) => this.toolsOf(one)))).flat();
  }

  /** From now on whoever has this ends them. */
  take(): () => void {
    this.taken = true;
    return () => this.close();
  }

  /** The request has ended. */
  close(): void {
    for (const server of this.ids.splice(0)) this.x.io.control.mcp({ do: 'end', server }).catch(() => {});
  }

  private async toolsOf({ id: label, guest, allows }: WantedServer): Promise<OfferedTool[]> {
    if (guest === null) return [];
    const { control } = this.x.io;
    const refused = (refusal: McpRefusal): GatewayError =>
      refusalError(refusal, this.x.runtime.config, this.x.incoming.headers);
    // Nobody can guess the connection of somebody else.
    const connection = `guest:${randomBytes(16).toString('hex')}`;
    this.ids.push(connection);
    const begun = await control.mcp({ do: 'begin', server: connection, guest });
    if ('refused' in begun) throw refused(begun.refused);
    const reply = await control.mcp({ do: 'tools', server: connection, behalf: null });
    if ('refused' in reply)
      throw refused({
        ...reply.refused,
        details: { ...reply.refused.details, server: label.slice(0, 100) },
      });
    if (!('tools' in reply)) throw new Error('the main thread answered another question');
    const access = ToolAccess.of(this.x.principal as VirtualKey);
    const server = guestConfig(label, guest);
    return reply.tools.tools
      .filter((tool) => access.toolRefusedBy(guest.place, tool.name) === null && allows(tool))
      .map((tool) => ({ server, tool, settings: null, guest: { connection, place: guest.place } }));
  }
}

const wrong = (why: string) => gatewayError('invalid_field', { why });
