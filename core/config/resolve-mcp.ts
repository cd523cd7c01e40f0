import { resolve } from 'node:path';
import { resolveLink } from './entity.js';
import type { Findings } from './findings.js';
import { hideDerived } from './hide-derived.js';
import type { Derived } from './interpolate.js';
import type {
  McpCodeConfig,
  McpConfig,
  McpRunsConfig,
  McpSearchConfig,
  McpServerConfig,
  McpToolConfig,
  McpTransportConfig,
} from './mcp-config.js';
import { type Path, pathKey } from './path.js';
import { resolveMcpAuth, sharedHeader } from './resolve-mcp-auth.js';
import { resolveVirtual } from './resolve-virtual.js';
import { REDACTED, Secret } from './secret.js';
import type { ParsedMcp } from './sections/mcp.js';
import { isAddress, type ParsedMcpServer } from './sections/mcp-server.js';
import type { ParsedMcpTool } from './sections/mcp-tool.js';
import { parseServerUrlRules } from './server-url-rules.js';
import { checkStoredServer } from './stored-mcp-server.js';

const NANOS_PER_USD = 1_000_000_000;

/** What records, counters and budgets call a server: no id of a provider has a colon. */
export const serverPlace = (server: string): string => `mcp:${server}`;
/** The same for a tool. */
export const toolPlace = (server: string, tool: string): string => `mcp:${server}/${tool}`;

export interface McpSources {
  /** What relative paths start from. */
  readonly folder: string;
  readonly derived: ReadonlyMap<string, Derived>;
  /** Whether what stands there is the store's. */
  readonly stored: (path: Path) => boolean;
}

/** Null when nothing is said of servers, so that nothing is loaded for them. */
export function resolveMcp(
  parsed: ParsedMcp | undefined,
  { folder, derived, stored }: McpSources,
  findings: Findings,
): McpConfig | null {
  for (const [id, one] of Object.entries(parsed?.servers ?? {}))
    if (stored(['mcp', 'servers', id])) checkStoredServer(id, one, parsed?.allow_commands ?? [], findings);
  const virtual = parsed === undefined ? new Map() : resolveVirtual(parsed, findings);
  const enabled = Object.entries(parsed?.servers ?? {}).filter(([, one]) => one.enabled);
  const allowServerUrl =
    parsed?.allow_server_url === undefined ? null : parseServerUrlRules(parsed.allow_server_url);
  if (enabled.length === 0 && allowServerUrl === null) return null;
  const {
    allowed_hosts: hosts,
    token_audience: audience,
    allowed_origins: origins = [],
    sessions = {},
  } = parsed ?? {};
  return {
    servers: new Map(enabled.map(([id, one]) => [id, serverOf(id, one, folder, derived)])),
    virtual,
    allowServerUrl,
    publicUrl: parsed?.public_url?.replace(/\/$/, '') ?? null,
    tokenAudience: audience === undefined ? null : [audience].flat(),
    tokenScopes: parsed?.token_scopes ?? [],
    allowedHosts: hosts?.map((host) => host.toLowerCase()) ?? null,
    allowedOrigins: origins.map((origin) => origin.toLowerCase()),
    sessions: {
      idleMs: sessions.idle ?? 1_800_000,
      max: sessions.max ?? 10_000,
      resumeMs: sessions.resume ?? 10_000,
      replayBytes: sessions.replay ?? 256 * 1024,
    },
    runs: runsOf((parsed as ParsedMcp).runs),
    search: searchOf((parsed as ParsedMcp).search),
    code: codeOf((parsed as ParsedMcp).code),
  };
}

function codeOf({ cpu, timeout, memory, output, calls, parallel }: ParsedMcp['code']): McpCodeConfig {
  return { cpuMs: cpu, timeoutMs: timeout, memoryBytes: memory, outputChars: output, calls, parallel };
}

function searchOf({ tools, always, embedding_model: model }: ParsedMcp['search']): McpSearchConfig {
  return { most: tools, always, embeddingModel: model ?? null };
}

function runsOf({
  rounds,
  timeout,
  parallel,
  result_limit: resultBytes,
  usd,
}: ParsedMcp['runs']): McpRunsConfig {
  const nanos = usd === undefined ? null : Math.round(usd * NANOS_PER_USD);
  return { rounds, timeoutMs: timeout, parallel, resultBytes, nanos };
}

function serverOf(
  id: string,
  parsed: ParsedMcpServer,
  folder: string,
  derived: ReadonlyMap<string, Derived>,
): McpServerConfig {
  const { timeouts = {}, allowed_tools: allowed, denied_tools: denied = [] } = parsed;
  return {
    id,
    transport: transportOf(id, parsed, folder, derived),
    auth: resolveMcpAuth(parsed.auth),
    tokenScopes: parsed.token_scopes ?? [],
    start: parsed.start,
    timeouts: {
      connectMs: timeouts.connect ?? 30_000,
      callMs: timeouts.call ?? 60_000,
      listMs: timeouts.list ?? 15_000,
      pingMs: timeouts.ping ?? 30_000,
      idleMs: timeouts.idle ?? null,
    },
    listTtlMs: parsed.list_ttl,
    ownConnections: parsed.own_connections ?? (parsed.command === undefined ? 256 : 16),
    resultLimitBytes: parsed.result_limit,
    offered: allowed === undefined && denied.length === 0 ? null : { allowed: allowed ?? null, denied },
    tools: new Map(Object.entries(parsed.tools).map(([name, tool]) => [name, toolOf(name, tool)])),
    prompts: parsed.prompts === undefined ? null : toolOf('prompts/get', parsed.prompts),
    resources: parsed.resources === undefined ? null : toolOf('resources/read', parsed.resources),
    link: resolveLink('mcp_server', serverPlace(id), id, parsed),
  };
}

function transportOf(
  id: string,
  parsed: ParsedMcpServer,
  folder: string,
  derived: ReadonlyMap<string, Derived>,
): McpTransportConfig {
  const at = (field: string): Path => ['mcp', 'servers', id, field];
  if (parsed.command !== undefined) {
    const { command, args = [], env = {}, cwd = '.', memory = null } = parsed;
    return {
      kind: 'stdio',
      command,
      args: new Secret(args, hideDerived(args, at('args'), derived)),
      env: new Map(Object.entries(env).map(([name, value]) => [name, new Secret(value)])),
      cwd: resolve(folder, cwd),
      memoryBytes: memory,
    };
  }
  const { url = '', transport = 'auto', headers: given = {}, openapi, base_url: base } = parsed;
  const shared = sharedHeader(parsed.auth);
  const headers = new Map(
    [...Object.entries(given), ...(shared === null ? [] : [shared])].map(([name, value]) => [
      name.toLowerCase(),
      new Secret(value),
    ]),
  );
  // Some servers want their key in the query.
  const address = (field: string, value: string): Secret =>
    new Secret(value, derived.has(pathKey(at(field))) ? REDACTED : value);
  if (openapi === undefined) return { kind: transport, url: address('url', url), headers, only: null };
  return {
    kind: 'openapi',
    document: isAddress(openapi) ? { url: address('openapi', openapi) } : { file: resolve(folder, openapi) },
    base: base === undefined ? null : address('base_url', base),
    headers,
  };
}

function toolOf(name: string, parsed: ParsedMcpTool): McpToolConfig {
  const { budgets, limits, parallel } = resolveLink('mcp_tool', '', name, parsed);
  const { price_usd: price = 0, timeout = null, cache = null, pin } = parsed;
  return {
    approval: parsed.approval === 'required',
    priceNano: Math.round(price * NANOS_PER_USD),
    budgets,
    limits,
    parallel,
    timeoutMs: timeout,
    cacheMs: cache,
    pin: pin === undefined ? null : pin === true ? 'first' : { fingerprint: pin },
  };
}
