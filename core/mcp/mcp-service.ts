import type { McpConfig } from '../config/mcp-config.js';
import type { HubParts, McpHub } from './hub/hub.js';
import type { McpAsk, McpReply } from './protocol.js';

/** The servers of tools, of which nothing is loaded until a configuration has one. */
export class McpService {
  private hub: McpHub | null = null;

  constructor(private readonly parts: HubParts) {}

  /** From now on these are the servers. */
  async apply(config: McpConfig | null): Promise<void> {
    if (config === null && this.hub === null) return;
    this.hub ??= new (await import('./hub/hub.js')).McpHub(this.parts);
    this.hub.apply(config);
  }

  /** Rejects for nothing that servers do: that is an answer. */
  async ask(ask: McpAsk): Promise<McpReply> {
    if (this.hub !== null) return this.hub.ask(ask);
    if (ask.do === 'states') return { states: [] };
    if (ask.do === 'cancel') return { done: true };
    return { refused: { code: 'mcp_server_unknown', details: { server: ask.server }, sent: false } };
  }

  /** Ends all servers that were started here. */
  async close(): Promise<void> {
    await this.hub?.close();
  }
}
