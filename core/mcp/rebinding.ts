import { type HeaderList, headerOf } from '@headgate/sdk';
import { isLoopback } from '../config/check-bind.js';
import type { Config } from '../config/config.js';
import { gatewayError } from '../errors.js';

/**
 * Against web pages that reach this address under a name of their own (DNS rebinding), or that send requests from a person's
 * browser: the name that the client used, and the page that it is on, must be known.
 *
 * @throws GatewayError
 */
export function checkOrigin({ server, mcp }: Config, headers: HeaderList): void {
  const host = headerOf(headers, 'host')?.toLowerCase();
  const allowed = mcp?.allowedHosts ?? null;
  if (host !== undefined) {
    const name = nameOf(host);
    const known = allowed === null ? !isLoopback(server.host) || isLoopback(name) : allowed.includes(name);
    if (!known) throw gatewayError('mcp_host_unknown', { host: shown(host) });
  }
  const origin = headerOf(headers, 'origin')?.toLowerCase();
  if (origin === undefined || (mcp?.allowedOrigins ?? []).includes(origin)) return;
  const page = /^https?:\/\/([^/]+)$/.exec(origin)?.[1];
  // A page of the gateway itself; on a developer's own machine, also one of another program there.
  if (page !== undefined && page === host) return;
  if (page !== undefined && isLoopback(server.host) && isLoopback(nameOf(page))) return;
  throw gatewayError('mcp_origin_unknown', { origin: shown(origin) });
}

/** What a browser must be told so that a page may read the answer; its origin has been looked at. */
export function corsHeaders(headers: HeaderList): HeaderList {
  const origin = headerOf(headers, 'origin');
  if (origin === undefined) return [];
  return [
    'access-control-allow-origin',
    origin,
    'access-control-expose-headers',
    'mcp-session-id, mcp-protocol-version, www-authenticate, x-headgate-request-id',
    'vary',
    'origin',
  ];
}

/** The same for the question that a browser asks first. */
export const PREFLIGHT: HeaderList = [
  'access-control-allow-methods',
  'GET, POST, DELETE, OPTIONS',
  'access-control-allow-headers',
  'authorization, content-type, accept, last-event-id, mcp-session-id, mcp-protocol-version, mcp-method, mcp-name, x-api-key, x-headgate-metadata',
  'access-control-max-age',
  '600',
];

function nameOf(host: string): string {
  return host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
}

/** Text of a client that goes into a message. */
const shown = (text: string): string => text.replace(/[^\x20-\x7e]/g, '?').slice(0, 200);
