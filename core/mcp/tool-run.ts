import type { CalledTool, JsonObject, ToolResult } from '@headgate/sdk';
import type { McpServerConfig, McpToolConfig } from '../config/mcp-config.js';
import type { Behalf, ToolDefinition, ToolInput, ToolProgress } from './protocol.js';

/** A tool that a caller may use. */
export interface OfferedTool {
  readonly server: McpServerConfig;
  readonly tool: ToolDefinition;
  /** What the configuration says of it; null when that is nothing. */
  readonly settings: McpToolConfig | null;
  /** Of a server that the request has brought along: the connection to it, and what records call it. */
  readonly guest?: { readonly connection: string; readonly place: string };
}

/** What records and rules call its server. */
export function placeOf({ server, guest }: OfferedTool): string {
  return guest?.place ?? server.id;
}

/** What clients of the gateway's own endpoint have beside a call. */
export interface ToolExtras {
  /** Whose own connection is used; '' for the one that all share. */
  readonly session?: string;
  /** Of a client that the server may ask for something by its answer; null: it may not. */
  readonly input?: ToolInput | null;
  /** `_meta` for the server. */
  readonly meta?: JsonObject | null;
  /** The tool itself, of a server that the request has brought along, or what stands for something else that is counted. */
  readonly guest?: OfferedTool;
  /** Is done in place of a call. Resolves to whether the server has answered. */
  readonly perform?: () => Promise<boolean>;
}

/** A call of a tool, as far as it has come. */
export class ToolRun {
  /** As records name its server; '' until it was called. */
  provider = '';
  /** Its own name at the server; '' until it was called. */
  name = '';
  offered: OfferedTool | null = null;
  /** With whose credential; null where all come with the same. */
  behalf: Behalf | null = null;
  result: ToolResult | null = null;
  /** What the caller is to open in a browser first; null for nothing. */
  url: string | null = null;
  readonly session: string;
  readonly input: ToolInput | null;
  readonly meta: JsonObject | null;
  readonly guest: OfferedTool | null;
  readonly perform: (() => Promise<boolean>) | null;
  /** A hook has changed the arguments: that they fit is to be looked at again. */
  edited = false;

  constructor(
    /** As the caller named it. */
    readonly asked: { readonly server: string; readonly tool: string },
    public args: JsonObject,
    readonly onProgress: ((progress: ToolProgress) => void) | null,
    { session = '', input = null, meta = null, guest, perform }: ToolExtras = {},
  ) {
    this.session = session;
    this.input = input;
    this.meta = meta;
    this.guest = guest ?? null;
    this.perform = perform ?? null;
  }

  /** What the client of the gateway's own endpoint says of its trace, where the conventions for MCP have it. */
  get traceparent(): string | undefined {
    const said = this.meta?.['traceparent'];
    return typeof said === 'string' ? said : undefined;
  }

  replace(args: JsonObject): void {
    this.args = args;
    this.edited = true;
  }

  /** What it costs, nano-dollars. */
  get priceNano(): number {
    return this.offered?.settings?.priceNano ?? 0;
  }
}

/** As hooks see it. */
export function calledTool({ offered }: ToolRun): CalledTool {
  if (offered === null) throw new TypeError('the tool has not been found yet');
  const { server, tool } = offered;
  const { name, title, description, inputSchema, annotations } = tool;
  return { server: server.id, name, title, description, inputSchema, annotations };
}
