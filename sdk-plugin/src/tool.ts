import type { JsonObject } from './json.js';
import type { BaseView } from './views.js';

/** What a call of a tool comes to, as the Model Context Protocol has it. */
export interface ToolResult {
  /** Texts, pictures, links and the like, in order. */
  readonly content: readonly JsonObject[];
  /** The same as data, for tools that promise a form of it. */
  readonly structuredContent?: unknown;
  /** The tool itself says that it failed; a model can be told. */
  readonly isError?: boolean;
  readonly [more: string]: unknown;
}

/** The tool that is called, as its server describes it. */
export interface CalledTool {
  /** Of the configuration. */
  readonly server: string;
  /** Its own name at the server. */
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** JSON Schema of its arguments. */
  readonly inputSchema: JsonObject;
  /** What the server says of it: hints, not promises. */
  readonly annotations: JsonObject;
}

/** A call of a tool. Its `operation` is `tool`, its `model` `mcp:server/tool`. */
export interface ToolView extends BaseView {
  readonly tool: CalledTool;
  /** What it is called with. Treat it as read-only and call `replaceArguments`. */
  readonly arguments: JsonObject;
  /** Changes them for every later hook and for the server; they must still fit the tool's schema. */
  replaceArguments(args: JsonObject): void;
}
