import type { ChainLink } from '@headgate/sdk';
import type { McpServerConfig } from '../config/mcp-config.js';
import { toolPlace } from '../config/resolve-mcp.js';
import type { VirtualKey } from '../identity/virtual-key.js';
import type { OfferedTool } from './tool-run.js';

/** The same objects as long as the configuration is the same, since counters are found by them. */
const links = new WeakMap<McpServerConfig, Map<string, ChainLink>>();
const joined = new WeakMap<VirtualKey, WeakMap<ChainLink, VirtualKey>>();

/** The caller, together with the rules of the server and of the tool, so that a call counts for these too. */
export function withRulesOf(key: VirtualKey, offered: OfferedTool): VirtualKey {
  const { server } = offered;
  const tool = linkOf(offered);
  const own = [server.link, tool].filter(hasRules);
  if (own.length === 0) return key;
  let known = joined.get(key);
  if (known === undefined) joined.set(key, (known = new WeakMap()));
  let caller = known.get(tool);
  if (caller === undefined) known.set(tool, (caller = { ...key, chain: [...key.chain, ...own] }));
  return caller;
}

function linkOf({ server, tool, settings }: OfferedTool): ChainLink {
  let known = links.get(server);
  if (known === undefined) links.set(server, (known = new Map()));
  let link = known.get(tool.name);
  if (link === undefined) {
    const { budgets = [], limits = [], parallel = null } = settings ?? {};
    const id = toolPlace(server.id, tool.name);
    link = { kind: 'mcp_tool', id, name: `${server.id}/${tool.name}`, budgets, limits, parallel };
    known.set(tool.name, link);
  }
  return link;
}

function hasRules({ budgets, limits, parallel }: ChainLink): boolean {
  return budgets.length > 0 || limits.length > 0 || parallel !== null;
}
