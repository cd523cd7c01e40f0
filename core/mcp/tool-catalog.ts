import type { JsonObject } from '@headgate/sdk';
import type { McpServerConfig } from '../config/mcp-config.js';
import { GatewayError, gatewayError } from '../errors.js';
import { choiceMatcher, type VirtualKey } from '../identity/virtual-key.js';
import type { IoThread } from '../io-thread.js';
import { behalfOf, type ToolUser } from './behalf.js';
import type {
  Behalf,
  ItemList,
  ListKind,
  McpNotice,
  PassedMethod,
  ToolDefinition,
  ToolList,
  ToolProgress,
} from './protocol.js';
import { refusalError } from './refusal.js';
import { ResultCache } from './result-cache.js';
import { indexOf, type WordIndex } from './select/word-index.js';
import { checkScopes, missingScopes } from './token-rights.js';
import { ToolAccess } from './tool-access.js';
import type { OfferedTool } from './tool-run.js';

/** What somebody may use, and which servers could not be asked. */
export interface OfferedTools {
  /** In the order of the configuration, and of their names within a server: the same as long as the tools are. */
  readonly tools: readonly OfferedTool[];
  /** Servers that are allowed but cannot be had now. */
  readonly missing: readonly { readonly server: string; readonly error: GatewayError }[];
}

export interface PassedRequest {
  readonly method: PassedMethod;
  readonly params: JsonObject;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: ToolProgress) => void;
}

/** A part of what is allowed, as a request names it: servers by id; null means all of them. */
export type OnlyServers = readonly string[] | null;

/**
 * The tools of all servers as one thread knows them: who may use which, and where progress of a call goes. Lists come from
 * the main thread, which has the connections, and are kept until they are old or have changed. Calls are `call-tool.ts`.
 */
export class ToolCatalog {
  /** By server, then by whose list it is; '' for all. */
  private readonly lists = new Map<string, Map<string, Promise<ToolList>>>();
  private readonly listening = new Map<string, (progress: ToolProgress) => void>();
  private readonly changed = new Set<(server: string, what: ListKind) => void>();
  readonly results = new ResultCache();

  constructor(private readonly io: IoThread) {}

  /** The servers a caller may use. */
  servers(key: VirtualKey): McpServerConfig[] {
    const access = ToolAccess.of(key);
    return [...this.configured.values()].filter(
      ({ id, tokenScopes }) =>
        access.serverRefusedBy(id) === null && missingScopes(key, tokenScopes).length === 0,
    );
  }

  /** The tools a caller may use. Throws for a server by name that is not there or not allowed. */
  async list(user: ToolUser, only: OnlyServers = null): Promise<OfferedTools> {
    const { principal: key } = user;
    const servers = only === null ? this.servers(key) : only.map((id) => this.server(key, id));
    const access = ToolAccess.of(key);
    const asked = await Promise.all(
      servers.map(async (server) => {
        try {
          const { tools } = await this.listOf(server, user);
          const mine = tools.filter(
            ({ name }) => isOffered(server, name) && access.toolRefusedBy(server.id, name) === null,
          );
          return { tools: mine.map((tool) => offer(server, tool)), missing: [] };
        } catch (error) {
          if (!(error instanceof GatewayError)) throw error;
          return { tools: [], missing: [{ server: server.id, error }] };
        }
      }),
    );
    return { tools: asked.flatMap(({ tools }) => tools), missing: asked.flatMap(({ missing }) => missing) };
  }

  /** One tool that a caller may use. Throws a GatewayError that says why not. */
  async find(user: ToolUser, serverId: string, name: string): Promise<OfferedTool> {
    const { principal: key } = user;
    const server = this.server(key, serverId);
    const who = ToolAccess.of(key).toolRefusedBy(server.id, name);
    if (who !== null)
      throw gatewayError('mcp_tool_not_allowed', { who, server: server.id, tool: shown(name) });
    const { tools, held } = await this.listOf(server, user);
    const tool = isOffered(server, name) ? tools.find((one) => one.name === name) : undefined;
    if (tool !== undefined) return offer(server, tool);
    const code = held.some((one) => one.name === name) ? 'mcp_tool_held' : 'mcp_tool_unknown';
    throw gatewayError(code, { server: server.id, tool: shown(name) });
  }

  /** The words of a server's tools, all of them; null where they cannot be had now. */
  async words(user: ToolUser, server: McpServerConfig): Promise<WordIndex | null> {
    try {
      return indexOf((await this.listOf(server, user)).tools);
    } catch (error) {
      if (error instanceof GatewayError) return null;
      throw error;
    }
  }

  /** What a server that a caller may use lists beside tools. Throws a GatewayError that says why not. */
  async items(user: ToolUser, serverId: string, what: Exclude<ListKind, 'tools'>): Promise<ItemList> {
    const server = this.server(user.principal, serverId);
    const behalf = behalfOf(server, user);
    const reply = await this.io.control.mcp({ do: 'list', server: server.id, what, behalf });
    if ('refused' in reply) throw refusalError(reply.refused, this.io.runtime.config, user.headers);
    if (!('list' in reply)) throw new Error('the main thread answered another question');
    return reply.list;
  }

  /**
   * Passes a request to a server that a caller may use, as it is. Throws a GatewayError that says why not, or the signal's reason.
   * It is no request of its own: nothing is counted or kept of it.
   */
  async request(user: ToolUser, serverId: string, ask: PassedRequest): Promise<JsonObject> {
    const server = this.server(user.principal, serverId);
    const { id, timeouts } = server;
    const { method, params, signal, onProgress } = ask;
    signal?.throwIfAborted();
    const call = this.io.ids.next();
    const quiet = onProgress === undefined ? null : this.listen(call, onProgress);
    const cancel = (): void => {
      this.io.control.mcp({ do: 'cancel', call }).catch(() => {});
    };
    signal?.addEventListener('abort', cancel);
    try {
      const progress = onProgress !== undefined;
      const timeoutMs = timeouts.callMs;
      const reply = await this.io.control.mcp({
        do: 'request',
        server: id,
        behalf: behalfOf(server, user),
        method,
        params,
        call,
        timeoutMs,
        progress,
      });
      signal?.throwIfAborted();
      if ('refused' in reply) throw refusalError(reply.refused, this.io.runtime.config, user.headers);
      if (!('answer' in reply)) throw new Error('the main thread answered another question');
      return reply.answer;
    } finally {
      signal?.removeEventListener('abort', cancel);
      quiet?.();
    }
  }

  /** Progress of a call, until it is told to stop. */
  listen(call: string, onProgress: (progress: ToolProgress) => void): () => void {
    this.listening.set(call, onProgress);
    return () => this.listening.delete(call);
  }

  /** Is called with the id of a server of which a list may have changed. */
  onChanged(tell: (server: string, what: ListKind) => void): () => void {
    this.changed.add(tell);
    return () => this.changed.delete(tell);
  }

  /** What the main thread tells. */
  hear(notice: McpNotice): void {
    if (notice.about === 'progress') this.listening.get(notice.call)?.(notice.progress);
    else {
      const { server, what } = notice;
      if (what === 'tools') {
        this.lists.delete(server);
        this.results.forget(server);
      }
      for (const tell of this.changed) tell(server, what);
    }
  }

  private get configured(): ReadonlyMap<string, McpServerConfig> {
    return this.io.runtime.config.mcp?.servers ?? NONE;
  }

  /** One by name that a caller may use. Throws a GatewayError that says why not. */
  server(key: VirtualKey, id: string): McpServerConfig {
    const server = this.configured.get(id);
    if (server === undefined) throw gatewayError('mcp_server_unknown', { server: shown(id) });
    const who = ToolAccess.of(key).serverRefusedBy(id);
    if (who !== null) throw gatewayError('mcp_server_not_allowed', { who, server: id });
    checkScopes(key, server);
    return server;
  }

  private async listOf(server: McpServerConfig, user: ToolUser): Promise<ToolList> {
    const { id } = server;
    const behalf = behalfOf(server, user);
    const owner = behalf?.owner ?? '';
    const known = this.lists.get(id)?.get(owner);
    if (known !== undefined) {
      const list = await known;
      if (list.freshUntil > Date.now()) return list;
      // Somebody else who found it too old may have asked anew.
      if (this.lists.get(id)?.get(owner) !== known) return this.listOf(server, user);
    }
    const asked = this.ask(id, user, behalf);
    this.keep(id, owner, asked);
    asked.catch(() => {
      const lists = this.lists.get(id);
      if (lists?.get(owner) === asked) lists.delete(owner);
    });
    return asked;
  }

  private keep(server: string, owner: string, asked: Promise<ToolList>): void {
    let lists = this.lists.get(server);
    if (lists === undefined) this.lists.set(server, (lists = new Map()));
    lists.delete(owner);
    lists.set(owner, asked);
    const [oldest] = lists.keys();
    if (lists.size > MOST_OWNERS && oldest !== undefined) lists.delete(oldest);
  }

  private async ask(server: string, user: ToolUser, behalf: Behalf | null): Promise<ToolList> {
    const reply = await this.io.control.mcp({ do: 'tools', server, behalf });
    if ('refused' in reply) throw refusalError(reply.refused, this.io.runtime.config, user.headers);
    if (!('tools' in reply)) throw new Error('the main thread answered another question');
    return reply.tools;
  }
}

/** Lists of one server that are kept: those of users with credentials of their own may differ. */
const MOST_OWNERS = 1000;
const NONE: ReadonlyMap<string, McpServerConfig> = new Map();
const offering = new WeakMap<McpServerConfig, (name: string) => boolean>();

/** Whether the configuration lets the tool be there at all. */
function isOffered(server: McpServerConfig, name: string): boolean {
  if (server.offered === null) return true;
  let test = offering.get(server);
  if (test === undefined) offering.set(server, (test = choiceMatcher(server.offered)));
  return test(name);
}

function offer(server: McpServerConfig, tool: ToolDefinition): OfferedTool {
  return { server, tool, settings: server.tools.get(tool.name) ?? server.tools.get('*') ?? null };
}

const shown = (text: string): string => text.slice(0, 200);
