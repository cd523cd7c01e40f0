import { canonicalError } from '../errors.js';
import type { McpService } from '../mcp/mcp-service.js';
import type { ServerState } from '../mcp/protocol.js';
import { toolJson } from '../mcp/tool-json.js';
import { iso } from './entity-text.js';
import type { Governance } from './governance.js';
import { readParameters } from './parameters.js';
import { bodyOf, json } from './reply.js';
import { type Route, refused, route } from './route.js';

const HELD = '/api/mcp/held';

/** Servers of tools as who runs the gateway sees them. What virtual keys see at the same paths is `core/mcp/direct-use.ts`. */
export function mcpRoutes(mcp: McpService, governance: Governance): Route[] {
  return [
    route('GET', '/api/mcp/servers', 'config:read', async () =>
      json(200, { data: (await statesOf(mcp)).map(stateJson) }),
    ),
    route('GET', '/api/mcp/tools', 'config:read', ({ query }) => toolsOf(mcp, query)),
    route('GET', HELD, 'config:read', async () => {
      const { heldTools } = await import('./accept-tool.js');
      return json(200, { data: await heldTools(mcp) });
    }),
    route('POST', HELD, 'config:write', async (request) => {
      const { acceptTool } = await import('./accept-tool.js');
      return json(200, await acceptTool(mcp, await governance.open(), bodyOf(request), request.author));
    }),
    // A call is always somebody's: who has no key to show gets no further than here.
    route('POST', '/api/mcp/call', 'anyone', () => refused(canonicalError('key_required'))),
  ];
}

async function statesOf(mcp: McpService): Promise<readonly ServerState[]> {
  const reply = await mcp.ask({ do: 'states', behalf: {} });
  return 'states' in reply ? reply.states : [];
}

function stateJson(state: ServerState): object {
  return {
    id: state.id,
    transport: state.transport,
    state: state.state,
    why: state.why === '' ? null : state.why,
    retry_at: state.retryAt === null ? null : iso(state.retryAt),
    ready_since: state.since === null ? null : iso(state.since),
    server: state.name === '' ? null : { name: state.name, version: state.version },
    protocol: state.protocol === '' ? null : state.protocol,
    pid: state.pid,
    tools: state.tools,
    held: state.held,
    running_calls: state.running,
    restarts: state.restarts,
    users: state.users,
  };
}

async function toolsOf(mcp: McpService, query: string): Promise<ReturnType<typeof json>> {
  const only = readParameters(query, [], ['server']).getAll('server');
  const states = (await statesOf(mcp)).filter(({ id }) => only.length === 0 || only.includes(id));
  const data: object[] = [];
  const missing: object[] = [];
  await Promise.all(
    states.map(async ({ id }) => {
      const reply = await mcp.ask({ do: 'tools', server: id, behalf: null });
      if ('tools' in reply) data.push(...reply.tools.tools.map((tool) => toolJson(id, tool)));
      else if ('refused' in reply) {
        const { code, message } = canonicalError(reply.refused.code, reply.refused.details);
        missing.push({ server: id, code, message });
      }
    }),
  );
  return json(200, { data, missing });
}
