import type { McpHub } from '../hub/hub.js';
import type { CodeDesk } from './desk.js';
import { INTERNAL, Refused } from './refused.js';

/** What programs of clients run by, as the configuration is now. */
export function codeDesk(hub: McpHub): CodeDesk {
  const { config, runProgram } = hub;
  if (config === null) throw new Refused(INTERNAL, 'There are no MCP servers.');
  return {
    run: runProgram,
    limits: config.code,
    most: config.search.most,
    needsApproval(server, tool) {
      const tools = config.servers.get(server)?.tools;
      return (tools?.get(tool) ?? tools?.get('*'))?.approval === true;
    },
  };
}
