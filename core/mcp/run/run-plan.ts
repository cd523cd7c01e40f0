import type { CanonicalRequest, ServerToolItems } from '@headgate/sdk';
import type { McpRunsConfig } from '../../config/mcp-config.js';
import type { AgreedCall } from './earlier-runs.js';
import type { MetaTools } from './meta-tools.js';
import type { NamedTool, ToolNames } from './tool-names.js';

/** What a run begins with. */
export interface RunPlan {
  /** With the tools, and without what only clients' own API would understand. */
  readonly request: CanonicalRequest;
  readonly names: ToolNames;
  /** Tools that the client brought itself. */
  readonly clientTools: ReadonlySet<string>;
  /** Tools of the gateway's own; null: none. */
  readonly meta: MetaTools | null;
  readonly items: ServerToolItems | null;
  readonly limits: McpRunsConfig;
  /** Calls that the client has agreed to since. */
  readonly agreed: readonly AgreedCall[];
  /** Servers whose tools are told to the client first: what it calls them, and their tools. */
  readonly lists: readonly { readonly label: string; readonly tools: readonly NamedTool[] }[];
  /** Whether the client is to be asked before a call. */
  readonly asks: (tool: NamedTool) => boolean;
  /** It may have to be, of some tool. */
  readonly asksSomething: boolean;
  /** By which a client comes back to it if it waits. */
  readonly waitId: string;
  /** What was left of a run that waited; its calls come first. */
  readonly waiting: readonly WaitingCall[];
  /** Is called when the run has ended, or waits. */
  readonly ended: () => void;
}

/** A call that waits for its client, where the API has no words for that. */
export interface WaitingCall {
  readonly id: string;
  readonly name: string;
  readonly arguments: string;
  readonly agreed: boolean;
}
