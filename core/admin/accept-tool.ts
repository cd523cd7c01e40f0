import { z } from 'zod';
import type { McpService } from '../mcp/mcp-service.js';
import type { HeldTool, PinnedTool } from '../mcp/protocol.js';
import { toolJson } from '../mcp/tool-json.js';
import type { Author } from '../store/control/control-store.js';
import { StoreError } from '../store/control/store-error.js';
import { PIN_KIND } from './accepted-tools.js';
import type { OpenGovernance } from './governance.js';
import { checked } from './read-spec.js';

export const acceptSchema = z.strictObject({
  server: z.string().describe('Its id.'),
  tool: z.string().describe('Its own name at the server.'),
  fingerprint: z
    .string()
    .describe('Of the tool as it is now, so that nobody accepts what they have not seen.'),
});

/** Pinned tools that are others by now, the old and the new one side by side. */
export async function heldTools(mcp: McpService): Promise<object[]> {
  return (await heldOf(mcp)).map((one) => heldJson(one));
}

/**
 * From now on the tool is what it is now, on every node; the audit has who said so, the old and the new one. @throws StoreError that says
 * why not
 */
export async function acceptTool(
  mcp: McpService,
  { store, feed }: OpenGovernance,
  given: Readonly<Record<string, unknown>>,
  author: Author,
): Promise<object> {
  const { server, tool, fingerprint } = checked(acceptSchema, given);
  const held = (await heldOf(mcp)).find((one) => one.server === server && one.now.name === tool);
  const id = `${server}/${tool}`;
  if (held === undefined)
    throw new StoreError('entity_unknown', `no tool "${id.slice(0, 300)}" is held back`);
  if (held.byConfig)
    throw new StoreError(
      'entity_invalid',
      `"${id}" is pinned to a fingerprint: put the new one in its place where the server is defined (tools, pin)`,
    );
  const { now, pinned } = held;
  if (now.fingerprint !== fingerprint)
    throw new StoreError(
      'version_conflict',
      `"${id}" has the fingerprint ${now.fingerprint} by now; look at it again`,
    );
  const accepted: PinnedTool = { fingerprint, tool: now };
  await store.change(author, async ({ entities, now: at }) => {
    const before = await entities.find(PIN_KIND, id);
    const spec = { before: pinned, now: accepted };
    const row = { kind: PIN_KIND, id, name: id, parent: null, userId: null, spec, state: {} };
    const after =
      before === null ? await entities.insert(row, at) : await entities.update({ ...before, spec }, null, at);
    return { action: 'accept', kind: PIN_KIND, id, before, after };
  });
  await feed.look();
  return { ...heldJson(held), accepted: true };
}

async function heldOf(mcp: McpService): Promise<readonly HeldTool[]> {
  const reply = await mcp.ask({ do: 'held' });
  return 'held' in reply ? reply.held : [];
}

function heldJson({ server, now, pinned, byConfig }: HeldTool): object {
  const { tool, fingerprint } = pinned;
  return {
    server,
    tool: now.name,
    before: tool === null ? { fingerprint } : toolJson(server, tool),
    now: toolJson(server, now),
    pinned_by: byConfig ? 'configuration' : 'first_seen',
  };
}
