import type { Exchange } from '../exchange.js';
import type { Wait } from '../pipeline.js';

/**
 * Between 6 and 7. Tools of servers that the request, its model or its key asks for become part of it; where they are to be
 * run here, the request goes on as a run. Costs one look where no server is configured.
 */
export function attach(x: Exchange): Wait | undefined {
  if (x.runtime.config.mcp === null || x.endpoint.format.operation !== 'chat') return undefined;
  return wantsTools(x)
    ? import('../mcp/run/attach-tools.js').then(({ attachTools }) => attachTools(x))
    : undefined;
}

function wantsTools(x: Exchange): boolean {
  const { endpoint, route, principal, runtime } = x;
  if (principal?.attached != null) return true;
  if (route !== null && runtime.config.models.get(route.name)?.attached != null) return true;
  if (x.header('x-headgate-mcp') !== undefined || x.header('x-headgate-run') !== undefined) return true;
  const mark = endpoint.format.toolRuns?.items?.mark;
  return mark !== undefined && x.incoming.body.bytes.includes(mark);
}
