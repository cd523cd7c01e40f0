import { gatewayError } from '../errors.js';
import { Exchange, type Incoming } from '../exchange.js';
import type { IoThread } from '../io-thread.js';
import { proceed, type Stage } from '../pipeline.js';
import { holdEnd } from '../relay/durable-sink.js';
import { admit } from '../stages/admit.js';
import { identify } from '../stages/identify.js';
import { receive } from '../stages/receive.js';
import type { McpPath } from './mcp-path.js';
import { toolEndpoint } from './tool-endpoint.js';

const METHODS: Readonly<Record<McpPath, readonly string[]>> = {
  '/api/mcp/tools': ['GET', 'HEAD'],
  '/api/mcp/servers': ['GET', 'HEAD'],
  '/api/mcp/call': ['POST'],
};

/** Tools without a model, for whoever has a virtual key. What it needs is loaded when somebody asks. */
export function serveMcp(io: IoThread, path: McpPath, incoming: Incoming): Exchange {
  const x = new Exchange(io, toolEndpoint(io, path === '/api/mcp/call' ? 'tool' : 'other'), incoming);
  io.inFlight++;
  if (io.gate.holds) holdEnd(x);
  const stages: Stage[] = [admit, method, identify, receive, load];
  proceed(x, stages);
  return x;

  async function load(): Promise<void> {
    const { stagesOf } = await import('./direct-use.js');
    stages.push(...(await stagesOf(io, path)));
  }

  function method(): void {
    const allowed = METHODS[path];
    const { method: asked } = incoming;
    if (allowed.includes(asked)) return;
    x.addHeaders(['allow', [...allowed, 'OPTIONS'].join(', ')]);
    throw gatewayError('method_not_allowed', { method: asked, path, allow: allowed[0] ?? '' });
  }
}
