import type { ChainLink } from '@headgate/sdk';
import type { Choice } from './entity.js';
import type { McpAuthConfig } from './mcp-auth-config.js';
import type { Secret } from './secret.js';
import type { ServerUrlRules } from './server-url-rules.js';

/** Servers whose tools are offered. */
export interface McpConfig {
  /** By id, those that are not enabled left out. */
  readonly servers: ReadonlyMap<string, McpServerConfig>;
  /** Made of tools of these, by id. */
  readonly virtual: ReadonlyMap<string, VirtualServerConfig>;
  /** Without a slash at its end; null: as the client calls it. */
  readonly publicUrl: string | null;
  /** What tokens of issuers must be for at `/mcp`, one of these; null: as everywhere. */
  readonly tokenAudience: readonly string[] | null;
  /** What they must have there. */
  readonly tokenScopes: readonly string[];
  /** Lower case; null: loopback names where the gateway listens on loopback, else any. */
  readonly allowedHosts: readonly string[] | null;
  /** Lower case. */
  readonly allowedOrigins: readonly string[];
  readonly sessions: {
    readonly idleMs: number;
    readonly max: number;
    /** How long a client may take to come back for an answer that broke off. */
    readonly resumeMs: number;
    /** Of what was sent, kept for that. */
    readonly replayBytes: number;
  };
  readonly runs: McpRunsConfig;
  readonly search: McpSearchConfig;
  /** Where servers may be that requests name by their address; null: nowhere. */
  readonly allowServerUrl: ServerUrlRules | null;
  readonly code: McpCodeConfig;
}

/** Limits of one run. */
export interface McpRunsConfig {
  readonly rounds: number;
  readonly timeoutMs: number;
  readonly parallel: number;
  /** Of one result, as the model is told it. */
  readonly resultBytes: number;
  /** Nano-dollars; null: any amount. */
  readonly nanos: number | null;
}

/** Tools that are added to the requests of a model or a key. Plain data. */
export interface AttachedTools {
  readonly servers: readonly string[];
  /** Patterns of `server/tool`; null: all. */
  readonly tools: readonly string[] | null;
  readonly mode: 'return' | 'agent';
  readonly select: ToolSelection;
}

/** Which of the tools that a request may use the model is told of. */
export type ToolSelection = 'all' | 'search' | 'code';

/** Limits of one program. */
export interface McpCodeConfig {
  /** Of its own working. */
  readonly cpuMs: number;
  /** With what it waits for. */
  readonly timeoutMs: number;
  readonly memoryBytes: number;
  /** Characters of its result, and of what it says on its console. */
  readonly outputChars: number;
  /** In all, and at once. */
  readonly calls: number;
  readonly parallel: number;
}

/** How tools are found. */
export interface McpSearchConfig {
  /** Of one search, and of one message of a user. */
  readonly most: number;
  /** Patterns of `server/tool`. */
  readonly always: readonly string[];
  /** A model of the gateway; null: by words alone. */
  readonly embeddingModel: string | null;
}

export interface VirtualServerConfig {
  /** '' for none. */
  readonly description: string;
  /** By the names that clients know them by. */
  readonly tools: ReadonlyMap<string, VirtualToolConfig>;
  /** Ids of servers whose tools programs of its clients call; null: it has tools. */
  readonly code: readonly string[] | null;
}

export interface VirtualToolConfig {
  readonly server: string;
  /** Its own name at the server. */
  readonly tool: string;
  /** Null: as the server describes it. */
  readonly description: string | null;
}

export interface McpServerConfig {
  readonly id: string;
  readonly transport: McpTransportConfig;
  readonly auth: McpAuthConfig;
  /** What tokens of issuers must have to use it. */
  readonly tokenScopes: readonly string[];
  readonly start: 'demand' | 'boot';
  /** Milliseconds; `idle` null never. */
  readonly timeouts: {
    readonly connectMs: number;
    readonly callMs: number;
    readonly listMs: number;
    readonly pingMs: number;
    readonly idleMs: number | null;
  };
  /** For lists about whose age the server says nothing. */
  readonly listTtlMs: number;
  /** Most sessions that have a connection of their own. */
  readonly ownConnections: number;
  /** Of one result. */
  readonly resultLimitBytes: number;
  /** Of its tools, by their own names; null: all. */
  readonly offered: Choice | null;
  /** By name of the tool; `*` is for the others. */
  readonly tools: ReadonlyMap<string, McpToolConfig>;
  /** What is said of its prompts and resources, all of them together; null when that is nothing. */
  readonly prompts: McpToolConfig | null;
  readonly resources: McpToolConfig | null;
  /** Limits and budgets of all its tools together. */
  readonly link: ChainLink;
}

export type McpTransportConfig =
  | {
      readonly kind: 'stdio';
      readonly command: string;
      readonly args: Secret<readonly string[]>;
      readonly env: ReadonlyMap<string, Secret>;
      /** Absolute. */
      readonly cwd: string;
      /** Null: any amount. */
      readonly memoryBytes: number | null;
    }
  | {
      readonly kind: 'auto' | 'http' | 'sse';
      readonly url: Secret;
      /** Lower-case names. */
      readonly headers: ReadonlyMap<string, Secret>;
      /** What addresses it may have; null: any. */
      readonly only: ServerUrlRules | null;
    }
  | {
      readonly kind: 'openapi';
      /** Where its document is: a file by its absolute path, or an address. */
      readonly document: { readonly file: string } | { readonly url: Secret };
      /** Null: as the document says. A query in it goes along with every request. */
      readonly base: Secret | null;
      /** Lower-case names. */
      readonly headers: ReadonlyMap<string, Secret>;
    };

/** The address that it is asked at; '' for a program, and where a document says that. */
export function addressOfServer({ transport }: McpServerConfig): string {
  if (transport.kind === 'stdio') return '';
  return transport.kind === 'openapi' ? (transport.base?.reveal() ?? '') : transport.url.reveal();
}

/** An API that a document describes. */
export type OpenApiTransportConfig = Extract<McpTransportConfig, { kind: 'openapi' }>;

export interface McpToolConfig {
  /** A run asks its client before it calls it. */
  readonly approval: boolean;
  /** Nano-dollars of one call. */
  readonly priceNano: number;
  readonly budgets: ChainLink['budgets'];
  readonly limits: ChainLink['limits'];
  readonly parallel: number | null;
  /** Null: as the server. */
  readonly timeoutMs: number | null;
  /** Null: results are not kept. */
  readonly cacheMs: number | null;
  /** `first`: the first fingerprint that is seen; or the fingerprint itself; null: any. */
  readonly pin: 'first' | { readonly fingerprint: string } | null;
}
