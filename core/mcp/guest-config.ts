import type { McpServerConfig } from '../config/mcp-config.js';
import { Secret } from '../config/secret.js';
import type { GuestServer } from './protocol.js';

const CONNECT_MS = 10_000;
const LIST_MS = 15_000;
const LIST_TTL_MS = 60_000;
const PING_MS = 30_000;
const RESULT_BYTES = 1024 * 1024;

/** A server that a request brings along, as if the configuration had it. @param id what it is called */
export function guestConfig(
  id: string,
  { place, url, headers, rules, callMs }: GuestServer,
): McpServerConfig {
  return {
    id,
    transport: {
      kind: 'auto',
      url: new Secret(url),
      headers: new Map(headers.map(([name, value]) => [name, new Secret(value)])),
      only: rules,
    },
    auth: { kind: 'none' },
    tokenScopes: [],
    start: 'demand',
    timeouts: { connectMs: CONNECT_MS, callMs, listMs: LIST_MS, pingMs: PING_MS, idleMs: null },
    listTtlMs: LIST_TTL_MS,
    ownConnections: 0,
    resultLimitBytes: RESULT_BYTES,
    offered: null,
    tools: new Map(),
    prompts: null,
    resources: null,
    link: { kind: 'mcp_server', id: place, name: place, budgets: [], limits: [], parallel: null },
  };
}
