import type { McpServerConfig } from '../config/mcp-config.js';
import { GatewayError } from '../errors.js';
import type { IoThread } from '../io-thread.js';
import type { CountedMethod, ToolDefinition } from './protocol.js';
import { callTool, type ToolCaller } from './tool-call.js';
import type { OfferedTool } from './tool-run.js';

const ANYTHING = { type: 'object' };

/**
 * Prompts and resources that clients have asked for, each counted like a call of a tool that is called as the protocol's own method:
 * limits, budgets and price of the server, a record in the ledger.
 */
export class CountedRequests {
  private readonly open = new Map<string, (answered: boolean) => void>();

  constructor(
    private readonly io: IoThread,
    private readonly caller: ToolCaller,
  ) {}

  /** Resolves when it may be asked. Rejects with a GatewayError that says why not. @param signal when it is aborted, nothing comes of it */
  begin(id: string, server: McpServerConfig, what: CountedMethod, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const perform = (): Promise<boolean> =>
        new Promise((ended) => {
          this.open.set(id, ended);
          resolve();
        });
      callTool(this.io, this.caller, {
        server: server.id,
        tool: what,
        arguments: {},
        signal,
        guest: standIn(server, what),
        perform,
      })
        .catch((error) => {
          // Once it is under way nobody is told of it here any longer.
          reject(error instanceof GatewayError || signal.aborted ? error : new Error(String(error)));
        })
        .finally(() => this.open.delete(id));
    });
  }

  end(id: string, answered: boolean): void {
    this.open.get(id)?.(answered);
  }
}

function standIn(server: McpServerConfig, what: CountedMethod): OfferedTool {
  const settings = what === 'prompts/get' ? server.prompts : server.resources;
  const tool: ToolDefinition = {
    name: what,
    title: '',
    description: '',
    inputSchema: ANYTHING,
    outputSchema: null,
    returns: null,
    annotations: {},
    extra: {},
    fingerprint: '',
  };
  return { server, tool, settings };
}
