import type { AcceptedTools } from '../mcp/hub/pins.js';
import type { PinnedTool } from '../mcp/protocol.js';
import type { EntityRows } from '../store/control/entity-rows.js';

/** In the store they are entities like others, called `server/tool`. */
export const PIN_KIND = 'mcp_tool';

const PAGE = 1000;

/** Tools of MCP servers that were accepted as they are, in place of what was first seen. */
export async function acceptedTools(rows: Pick<EntityRows, 'list'>): Promise<AcceptedTools> {
  const accepted = new Map<string, PinnedTool>();
  for (let after = ''; ; ) {
    const page = await rows.list(PIN_KIND, { after, limit: PAGE });
    for (const { id, spec } of page) accepted.set(id, spec['now'] as PinnedTool);
    if (page.length < PAGE) return accepted;
    after = page.at(-1)!.id;
  }
}
