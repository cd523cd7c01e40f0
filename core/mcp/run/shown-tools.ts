import type { CanonicalRequest, ServerToolItems, Tool } from '@headgate/sdk';
import type { McpConfig } from '../../config/mcp-config.js';
import type { Exchange } from '../../exchange.js';
import type { ToolCatalog } from '../tool-catalog.js';
import type { MetaTools } from './meta-tools.js';
import { forcedTool, functionOf } from './request-with-tools.js';
import type { NamedTool, ToolNames } from './tool-names.js';
import type { Wanted } from './wanted.js';

/** What the model is told of. */
export interface ShownTools {
  /** Behind the client's own. */
  readonly functions: readonly Tool[];
  /** Tools of the gateway's own among them; null: none. */
  readonly meta: MetaTools | null;
}

export interface ShownFor {
  readonly request: CanonicalRequest;
  readonly names: ToolNames;
  /** Names of the client's own. */
  readonly own: ReadonlySet<string>;
  readonly items: ServerToolItems | null;
  readonly wanted: Wanted;
  readonly catalog: ToolCatalog;
  /** Whether the client is to be asked before a call. */
  readonly asks: (tool: NamedTool) => boolean;
}

/** Which of the tools that may be called the model is told of. */
export async function shownTools(x: Exchange, of: ShownFor): Promise<ShownTools> {
  const { names, wanted } = of;
  const all = { functions: names.all.map(functionOf), meta: null };
  const { search } = x.runtime.config.mcp as McpConfig;
  if (wanted.select === 'all' || names.all.length === 0) return all;
  if (wanted.select === 'code') return codeTools(x, of);
  // As many as a search brings are not worth one.
  if (names.all.length <= search.most) return all;
  const from = performance.now();
  const found = await foundTools(x, of);
  x.waitedMs += performance.now() - from;
  return found ?? all;
}

/** Those that the conversation is about; null when that brings none and the model cannot search by itself. */
async function foundTools(x: Exchange, of: ShownFor): Promise<ShownTools | null> {
  const { request, names, own, items, wanted, catalog } = of;
  const { search: rules } = x.runtime.config.mcp as McpConfig;
  const { openSearch } = await import('../select/open-search.js');
  const { chosenTools } = await import('../select/chosen-tools.js');
  const { SearchTools } = await import('../select/search-tools.js');
  const search = await openSearch(x, catalog, names.all, rules.embeddingModel);
  const shown = await chosenTools(request, names, search, rules);
  if (shown === null && !wanted.agent) return null;
  const tools = shown ?? new Set();
  const forced = forcedTool(request, names, items);
  if (forced !== null) tools.add(forced);
  const isTaken = (name: string): boolean => own.has(name) || names.find(name) !== null;
  const meta = wanted.agent ? new SearchTools(search, tools, rules.most, isTaken) : null;
  return { functions: [...(meta?.functions ?? []), ...[...tools].map(functionOf)], meta };
}

/** Three in the place of all, but for those that the client must be asked about: a program cannot wait for a person. */
async function codeTools(x: Exchange, of: ShownFor): Promise<ShownTools> {
  const { request, names, own, items, catalog, asks } = of;
  const { search: rules, code: limits } = x.runtime.config.mcp as McpConfig;
  const { openSearch } = await import('../select/open-search.js');
  const { CodeMode } = await import('../code/code-mode.js');
  const forced = forcedTool(request, names, items);
  const shown = names.all.filter((tool) => asks(tool) || tool === forced);
  const tools = names.all.filter((tool) => !asks(tool));
  const search = await openSearch(x, catalog, tools, rules.embeddingModel);
  const isTaken = (name: string): boolean => own.has(name) || names.find(name) !== null;
  const meta = new CodeMode({ io: x.io, tools, search, most: rules.most, limits, isTaken });
  return { functions: [...meta.functions, ...shown.map(functionOf)], meta };
}
