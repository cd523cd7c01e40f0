import type { Client, Transport } from '@modelcontextprotocol/client';
import type { McpServerConfig, McpTransportConfig } from '../../config/mcp-config.js';
import type { Credentials } from './auth/credentials.js';
import type { ClientFeatures } from './client-features.js';
import { HttpTransport, type MakeTransport } from './http-transport.js';
import type { OrphanGuard } from './orphan-guard.js';
import type { ServerLog } from './server-log.js';
import { StdioTransport } from './stdio-transport.js';

/** Beside the result itself, what a message may hold: lists of tools, and how JSON writes it all. */
const LEAST_MESSAGE_BYTES = 4 * 1024 * 1024;
export interface ConnectParts {
  readonly config: McpServerConfig;
  readonly log: ServerLog;
  readonly guard: OrphanGuard;
  /** What requests over HTTP come with. */
  readonly credentials: Credentials;
  /** It is known to speak no revision that is newer than 2025-11-25. */
  readonly legacy: boolean;
  /** It is not wanted any longer, although it may just be starting. */
  readonly signal: AbortSignal;
  /** A list has changed. */
  readonly onChanged: (what: 'tools' | 'prompts' | 'resources') => void;
  /** For one client alone; left out: for all. */
  readonly features?: ClientFeatures;
}

export interface Connection {
  readonly client: Client;
  readonly transport: OwnTransport;
}

export interface OwnTransport extends Transport {
  /** Why it ended, for people. */
  readonly why: string;
  readonly pid?: number | null;
}

/** Starts a server, or opens the way to it, and agrees on a revision of the protocol. Rejects when that does not work. */
export async function connect(parts: ConnectParts): Promise<Connection> {
  const { transport: how } = parts.config;
  if (how.kind !== 'auto') return open(parts, how.kind, how);
  try {
    return await open(parts, 'http', how);
  } catch (error) {
    if (!isUnknownThere(error)) throw error;
    return open(parts, 'sse', how);
  }
}

async function open(
  parts: ConnectParts,
  kind: 'stdio' | 'http' | 'sse' | 'openapi',
  how: McpTransportConfig,
): Promise<Connection> {
  // Large, and not needed by those without servers.
  const mcp = await import('@modelcontextprotocol/client');
  const { config, legacy, onChanged, features } = parts;
  const changed = (what: Parameters<typeof onChanged>[0]) => ({
    autoRefresh: false,
    debounceMs: 50,
    onChanged: () => onChanged(what),
  });
  // The older of the two HTTP transports is older than what there is to ask for.
  const mode = legacy || kind === 'sse' || kind === 'openapi' ? 'legacy' : 'auto';
  const client = new mcp.Client(
    { name: 'headgate', version: '0.1.0' },
    {
      ...(features !== undefined && { capabilities: features.capabilities }),
      // One that does not know the newest revision may not answer at all when it is asked for it; nor does one that takes long to start.
      versionNegotiation: { mode, probe: { timeoutMs: config.timeouts.connectMs / 2 } },
      listChanged: {
        tools: changed('tools'),
        prompts: changed('prompts'),
        resources: changed('resources'),
      },
    },
  );
  features?.wire(client);
  const maxBytes = Math.max(LEAST_MESSAGE_BYTES, 2 * config.resultLimitBytes);
  const transport: OwnTransport =
    how.kind === 'stdio'
      ? new StdioTransport({
          config: how,
          maxBytes,
          log: parts.log,
          guard: parts.guard,
        })
      : how.kind === 'openapi'
        ? new (await import('./openapi-transport.js')).OpenApiTransport(
            config,
            how,
            parts.credentials,
            (why) => parts.log.warn('the document of an API cannot be used; what it was before counts', why),
          )
        : new HttpTransport(
            {
              url: new URL(how.url.reveal()),
              headers: Object.fromEntries([...how.headers].map(([name, value]) => [name, value.reveal()])),
              credentials: parts.credentials,
              maxBytes,
              connectTimeoutMs: config.timeouts.connectMs,
              only: how.only,
            },
            makerOf(mcp, kind === 'sse'),
          );
  const stop = (): void => {
    transport.close().catch(() => {});
  };
  parts.signal.addEventListener('abort', stop);
  try {
    parts.signal.throwIfAborted();
    await client.connect(transport, { timeout: config.timeouts.connectMs });
  } catch (error) {
    const { why } = transport;
    await transport.close().catch(() => {});
    throw why === '' ? error : Object.assign(new Error(why), { isEnd: true });
  } finally {
    parts.signal.removeEventListener('abort', stop);
  }
  return { client, transport };
}

function makerOf(mcp: typeof import('@modelcontextprotocol/client'), sse: boolean): MakeTransport {
  return (url, fetch, headers) => {
    const options = { fetch: fetch as typeof globalThis.fetch, requestInit: { headers } };
    return sse
      ? new mcp.SSEClientTransport(url, options)
      : new mcp.StreamableHTTPClientTransport(url, options);
  };
}

/** What a server of the older transport says to a POST. */
function isUnknownThere(error: unknown): boolean {
  const status = statusOf(error);
  return status === 400 || status === 404 || status === 405 || status === 406 || status === 415;
}

/** The HTTP status that an error of the client library is about; 0 when it is about none. */
export function statusOf(error: unknown): number {
  for (let at = error; at instanceof Error; at = at.cause) {
    const { data } = at as { data?: { status?: unknown } };
    if (typeof data?.status === 'number') return data.status;
  }
  return 0;
}
