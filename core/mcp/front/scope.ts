import type { JsonObject } from '@headgate/sdk';
import type { McpConfig, VirtualServerConfig } from '../../config/mcp-config.js';
import type { ToldTool } from '../front-protocol.js';

/** Where a name that a client uses leads. */
export interface Place {
  readonly server: string;
  /** The server's own name for it. */
  readonly name: string;
}

export const BETWEEN = '__';

/** What there is at one path: all servers, one of them, or a virtual one; and what its things are called there. */
export class Scope {
  private readonly virtual: VirtualServerConfig | null;

  /** @param name of the server; null for all together */
  constructor(
    private readonly name: string | null,
    config: McpConfig | null,
  ) {
    this.virtual = name === null ? null : (config?.virtual.get(name) ?? null);
  }

  /** What clients are told of it; '' for nothing. */
  get instructions(): string {
    return this.virtual?.description ?? '';
  }

  /** One server as it is: its pages and its names are passed on. */
  get isOne(): boolean {
    return this.name !== null && this.virtual === null;
  }

  /** Its tools are called by programs that clients write. */
  get isCode(): boolean {
    return this.virtual?.code != null;
  }

  /** Servers that its tools are at, of those that the caller may use. */
  toolServers(allowed: readonly string[]): readonly string[] {
    if (this.virtual === null) return this.otherServers(allowed);
    const { code } = this.virtual;
    if (code !== null) return allowed.filter((server) => code.includes(server));
    const used = new Set([...this.virtual.tools.values()].map(({ server }) => server));
    return allowed.filter((server) => used.has(server));
  }

  /** Servers whose prompts and resources are there too. */
  otherServers(allowed: readonly string[]): readonly string[] {
    if (this.virtual !== null) return [];
    return this.name === null ? allowed : allowed.filter((server) => server === this.name);
  }

  /** Tools as clients see them here. */
  tools(told: readonly ToldTool[]): JsonObject[] {
    if (this.virtual !== null) return chosen(this.virtual, told);
    const seen = new Set<string>();
    return told.flatMap(({ server, tool }) => {
      const name = this.called(server, tool.name);
      if (seen.has(name)) return [];
      seen.add(name);
      return [toolJson(tool, name, tool.description)];
    });
  }

  /** What a prompt or a tool of a server is called here. */
  called(server: string, name: string): string {
    return this.name === null ? `${server}${BETWEEN}${name}` : name;
  }

  /** Where a tool of that name may be, most likely first. */
  toolPlaces(name: string, allowed: readonly string[]): Place[] {
    if (this.virtual === null) return this.places(name, allowed);
    if (this.virtual.code !== null) return within(this.toolServers(allowed), name);
    const found = this.virtual.tools.get(name);
    return found === undefined ? [] : [{ server: found.server, name: found.tool }];
  }

  /** Where a prompt of that name may be. */
  places(name: string, allowed: readonly string[]): Place[] {
    const servers = this.otherServers(allowed);
    if (this.name !== null) return servers.map((server) => ({ server, name }));
    return within(servers, name);
  }
}

/** What `server__name` may be. */
function within(servers: readonly string[], name: string): Place[] {
  return servers
    .filter((server) => name.startsWith(server + BETWEEN))
    .map((server) => ({ server, name: name.slice(server.length + BETWEEN.length) }));
}

function chosen({ tools }: VirtualServerConfig, told: readonly ToldTool[]): JsonObject[] {
  return [...tools].flatMap(([name, { server, tool, description }]) => {
    const found = told.find((one) => one.server === server && one.tool.name === tool);
    return found === undefined ? [] : [toolJson(found.tool, name, description ?? found.tool.description)];
  });
}

export function toolJson(tool: ToldTool['tool'], name: string, description: string): JsonObject {
  const { title, inputSchema, outputSchema, annotations, extra } = tool;
  return {
    name,
    ...(title !== '' && { title }),
    ...(description !== '' && { description }),
    inputSchema,
    ...(outputSchema !== null && { outputSchema }),
    ...(Object.keys(annotations).length > 0 && { annotations }),
    ...extra,
  };
}
