import { join } from 'node:path';
import type { McpConfig } from '../../config/mcp-config.js';
import { packed } from '../../config/transfer.js';
import type { LogLine } from '../../plugin/logger.js';
import type { ListKind, McpAsk, McpNotice, McpRefusal, McpReply } from '../protocol.js';
import type { CallOptions } from './at-server.js';
import { callTool } from './call-tool.js';
import type { ClientFeatures } from './client-features.js';
import { OrphanGuard } from './orphan-guard.js';
import { OwnLinks } from './own-links.js';
import { passRequest } from './pass-request.js';
import { type AcceptedTools, Pins } from './pins.js';
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
  /** Connections of single sessions. */
  readonly own: OwnLinks;
  private readonly watchers = new Set<(server: string, what: ListKind) => void>();

  constructor(private readonly parts: HubParts) {
    this.pins = new Pins(join(parts.dataDir, 'mcp-pins.json'));
    this.own = new OwnLinks({ log: parts.log, guard: this.guard, pins: this.pins });
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
        const onChanged = (what: ListKind): void => this.changed(id, what);
        const { guard, pins } = this;
        links.set(id, {
          as,
          link: new ServerLink({ config: server, log, guard, pins, onChanged }),
        });
      }
    }
    for (const [id, before] of this.links) {
      if (links.get(id) === before) continue;
      before.link
        .close()
        .catch((error) => log('error', 'an MCP server cannot be stopped', { error: String(error) }));
      tell({ about: 'changed', server: id, what: 'tools' });
    }
    this.own.apply(config, packed);
    this.links = links;
    this.config = config;
  }

  /** Somebody has accepted tools as they are now. */
  accept(accepted: AcceptedTools): void {
    this.pins.accepted = accepted;
    for (const link of [...[...this.links.values()].map(({ link }) => link), ...this.own.all()])
      if (link.held.length > 0) link.forget();
  }

  /** What is in force. */
  config: McpConfig | null = null;

  /** The connection to a server that all share. */
  shared(server: string): ServerLink | undefined {
    return this.links.get(server)?.link;
  }

  /** A connection for one session alone; null when there can be none. */
  openOwn(session: string, server: string, features: ClientFeatures): ServerLink | null {
    const known = this.links.get(server);
    return known === undefined ? null : this.own.open(session, known.link.config, known.as, features);
  }

  /** Is called when lists of a server are not what they were. */
  watch(tell: (server: string, what: ListKind) => void): () => void {
    this.watchers.add(tell);
    return () => this.watchers.delete(tell);
  }

  async ask(ask: McpAsk): Promise<McpReply> {
    switch (ask.do) {
      case 'states':
        return { states: [...this.links.values()].map(({ link }) => link.describe()) };
      case 'held':
        return { held: [...this.links.values()].flatMap(({ link }) => link.held) };
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
      case 'list': {
        const link = this.links.get(ask.server)?.link;
        if (link === undefined) return unknown(ask.server);
        return link.items(ask.what).then(
          (list) => ({ list }),
          (error) => ({ refused: unavailable(ask.server, error) }),
        );
      }
      case 'call':
        return this.run(ask, (link, options) => callTool(link, ask, options));
      case 'request':
        return this.run(ask, (link, options) => passRequest(link, ask, options));
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    for (const call of this.calls.values()) call.abort();
    await Promise.all([...[...this.links.values()].map(({ link }) => link.close()), this.own.closeAll()]);
    this.links.clear();
    this.guard.close();
  }

  private changed(server: string, what: ListKind): void {
    this.parts.tell({ about: 'changed', server, what });
    for (const tell of this.watchers) tell(server, what);
  }

  /** Something that takes its time and can be cancelled. */
  private async run(
    ask: Extract<McpAsk, { do: 'call' | 'request' }>,
    work: (link: ServerLink, options: CallOptions) => Promise<McpReply>,
  ): Promise<McpReply> {
    const { server } = ask;
    const own = ask.do === 'request' || ask.session === '' ? undefined : this.own.find(ask.session, server);
    const link = own ?? this.shared(server);
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
      return await work(link, { signal: aborted.signal, ...onProgress });
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
