import type { HeaderList } from '@headgate/sdk';
import type { Exchange, Incoming } from '../exchange.js';
import { type ForwardPath, forwardPath } from '../forward/forward-path.js';
import { speaksApi } from '../forward/upstream-path.js';
import { credentialOf } from '../identity/credential.js';
import { TokenTable } from '../identity/jwt/token-table.js';
import type { IoThread } from '../io-thread.js';
import { keptPath } from '../kept/kept-path.js';
import { serveKept } from '../kept/serve-kept.js';
import { endpointPath } from '../mcp/endpoint-path.js';
import { mcpPath } from '../mcp/mcp-path.js';
import { describedPath, resourceMetadata } from '../mcp/resource-metadata.js';
import { serveEndpoint } from '../mcp/serve-endpoint.js';
import { serveMcp } from '../mcp/serve-mcp.js';
import { shapeFor } from './error-shape.js';
import { answerControl, answerLocally } from './local-answer.js';
import { isModelsPath, isShowPath, serveModels, serveShow } from './models.js';
import { isPluginPath, routesAt, servePluginRoute } from './plugin-routes.js';

/** Paths that the main thread answers, errors and methods included. */
const CONTROL = /^\/(api(\/|$)|metrics$|health\/ready$)/;

const READ = ['GET', 'HEAD'];

/** How a path is forwarded that nobody here answers; null when somebody does, or no provider could. */
export function forwardedPath(
  io: IoThread,
  method: string,
  path: string,
  headers: HeaderList,
): ForwardPath | null {
  if (isPluginPath(path) || CONTROL.test(path) || path.startsWith('/health/')) return null;
  if (keptPath(io, path) !== null) return null;
  // A model that was made by fine-tuning may be deleted.
  if (isModelsPath(path) && method !== 'DELETE') return null;
  const found = forwardPath(io.endpoints, method, path, headers);
  return found === null || found.api === null || hasServer(io, found) ? found : null;
}

/** Some provider that is reached over the network speaks the API: a built-in one has no more than it was written for. */
function hasServer({ runtime }: IoThread, path: ForwardPath): boolean {
  for (const { provider } of runtime.providers.values())
    if (provider.origin !== '' && speaksApi(provider, path)) return true;
  return runtime.config.defaults.size > 0;
}

/**
 * Answers everything that is no request to a model and is not forwarded, whichever way it came. Returns what must be told
 * when the client leaves, if anything.
 */
export function serveOther(io: IoThread, incoming: Incoming): Exchange | null {
  const direct = mcpPath(incoming.path);
  if (direct !== null && isForCallers(io, incoming)) return serveMcp(io, direct, incoming);
  if (io.runtime.config.mcp !== null) {
    const endpoint = endpointPath(incoming.path);
    if (endpoint !== null) return serveEndpoint(io, endpoint, incoming);
    if (describe(io, incoming)) return null;
  }
  const kept = keptPath(io, incoming.path);
  if (kept !== null) return serveKept(io, kept, incoming);
  answerAtOnce(io, incoming);
  return null;
}

/**
 * Whether a virtual key asks what the admin API has at the same path for others: servers with all that is known of them. A
 * call is always somebody's.
 */
function isForCallers(io: IoThread, { method, path, headers }: Incoming): boolean {
  if (method === 'OPTIONS') return false;
  const { keys, tokens } = io.runtime;
  const credential = credentialOf(headers);
  if (credential !== null && keys.find(credential) !== undefined) return true;
  if (credential !== null && tokens !== null && TokenTable.looksLike(credential)) return true;
  return method === 'POST' || (!keys.required && path !== '/api/mcp/servers');
}

/** Where clients of `/mcp` get tokens; false when the path is another. */
function describe(io: IoThread, incoming: Incoming): boolean {
  const { path, headers, sink } = incoming;
  const described = describedPath(path);
  if (described === null) return false;
  const metadata = resourceMetadata(io.runtime.config, described, headers);
  if (metadata === null) return false;
  if (offer(io, incoming, READ))
    sink.send(
      200,
      ['content-type', 'application/json', 'access-control-allow-origin', '*', 'cache-control', 'no-cache'],
      JSON.stringify(metadata),
    );
  return true;
}

function answerAtOnce(io: IoThread, incoming: Incoming): void {
  const { path, sink } = incoming;
  if (io.endpoints.at(path) !== undefined) offer(io, incoming, ['POST']);
  else if (isModelsPath(path)) {
    if (offer(io, incoming, READ)) serveModels(io, incoming);
  } else if (isShowPath(path)) {
    if (offer(io, incoming, ['POST'])) serveShow(io, incoming);
  } else if (isPluginPath(path)) servePlugin(io, incoming);
  else if (CONTROL.test(path)) answerControl(io, incoming);
  else if (path === '/health/live') {
    if (offer(io, incoming, READ)) answerLocally(sink, 200, { status: 'live' });
  } else notFound(io, incoming);
}

function servePlugin(io: IoThread, incoming: Incoming): void {
  const routes = routesAt(io, incoming.path);
  const route = routes.get(incoming.method);
  if (route !== undefined) servePluginRoute(io, incoming, route);
  else if (routes.size > 0) offer(io, incoming, [...routes.keys()]);
  else notFound(io, incoming);
}

/** Whether the path has the method that was asked for. If not, the client is told which it has. */
function offer(io: IoThread, { method, path, headers, sink }: Incoming, methods: readonly string[]): boolean {
  if (methods.includes(method)) return true;
  const allow = [...methods, 'OPTIONS'].join(', ');
  if (method === 'OPTIONS') sink.send(204, ['allow', allow], '');
  else
    shapeFor(io, path, headers).refuse(
      sink,
      'method_not_allowed',
      { method, path, allow: methods[0] ?? '' },
      ['allow', allow],
    );
  return false;
}

function notFound(io: IoThread, { method, path, headers, sink }: Incoming): void {
  shapeFor(io, path, headers).refuse(sink, 'not_found', { method, path: path.slice(0, 200) });
}
