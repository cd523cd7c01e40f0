import { join } from 'node:path';
import type { McpConfig } from '../../config/mcp-config.js';
import { packed } from '../../config/transfer.js';
import type { LogLine } from '../../plugin/logger.js';
import type { McpAsk, McpNotice, McpRefusal, McpReply } from '../protocol.js';
import { callTool } from './call-tool.js';
import { OrphanGuard } from './orphan-guard.js';
import { Pins } from './pins.js';
import { ServerLink, Unavailable } from './server-link.js';

export interface HubParts {
  readonly dataDir: string;
  readonly log: LogLine;
  /** To all threads. */
  readonly tell: (notice: McpNotice) => void;
}

/** The servers of the configuration, in the main thread: all threads share their connections. */
export class McpHub {
  private links = new Map<string, { readonly link: ServerLink; readonly as: string }>();
  private readonly calls = new Map<string, AbortController>();
  private readonly guard = new OrphanGuard();
  private readonly pins: Pins;
  private closed = false;

  constructor(private readonly parts: HubParts) {
    this.pins = new Pins(join(parts.dataDir, 'mcp-pins.json'));
  }

  /** Servers that are as they were stay connected; the others are stopped, or started anew. */
  apply(config: McpConfig | null): void {
    if (this.closed) return;
    const links: typeof this.links = new Map();
    this.pins.reread();
    const { log, tell } = this.parts;
    for (const [id, server] of config?.servers ?? []) {
      const as = packed(server);
      const known = this.links.get(id);
      if (known?.as === as) {
        links.set(id, known);
        known.link.forget();
      } else {
        const onChanged = (): void => tell({ about: 'changed', server: id });
        links.set(id, {
          as,
          link: new ServerLink({ config: server, log, guard: this.guard, pins: this.pins, onChanged }),
        });
      }
    }
    for (const [id, before] of this.links) {
      if (links.get(id) === before) continue;
      before.link
        .close()
        .catch((error) => log('error', 'an MCP server cannot be stopped', { error: String(error) }));
      tell({ about: 'changed', server: id });
    }
    this.links = links;
  }

  async ask(ask: McpAsk): Promise<McpReply> {
    switch (ask.do) {
      case 'states':
        return { states: [...this.links.values()].map(({ link }) => link.describe()) };
      case 'cancel':
        this.calls.get(ask.call)?.abort();
        return { done: true };
      case 'tools': {
        const link = this.links.get(ask.server)?.link;
        if (link === undefined) return unknown(ask.server);
        return link.tools().then(
          (tools) => ({ tools }),
          (error) => ({ refused: unavailable(ask.server, error) }),
        );
      }
      case 'call':
        return this.call(ask);
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    for (const call of this.calls.values()) call.abort();
    await Promise.all([...this.links.values()].map(({ link }) => link.close()));
    this.links.clear();
    this.guard.close();
  }

  private async call(ask: Extract<McpAsk, { do: 'call' }>): Promise<McpReply> {
    const link = this.links.get(ask.server)?.link;
    if (link === undefined) return unknown(ask.server);
    const aborted = new AbortController();
    this.calls.set(ask.call, aborted);
    const { tell } = this.parts;
    const { call } = ask;
    try {
      const onProgress = ask.progress
        ? {
            onProgress: (progress: Extract<McpNotice, { about: 'progress' }>['progress']) =>
              tell({ about: 'progress', call, progress }),
          }
        : {};
      return await callTool(link, ask, { signal: aborted.signal, ...onProgress });
    } catch (error) {
      return { refused: unavailable(ask.server, error) };
    } finally {
      this.calls.delete(call);
    }
  }
}

function unknown(server: string): McpReply {
  return { refused: { code: 'mcp_server_unknown', details: { server }, sent: false } };
}

function unavailable(server: string, error: unknown): McpRefusal {
  const why = error instanceof Error ? error.message : String(error);
  const pause =
    error instanceof Unavailable && error.retryAfterMs > 0 ? { retryAfterMs: error.retryAfterMs } : {};
  return { code: 'mcp_server_unavailable', details: { server, why }, sent: false, ...pause };
}
