import { headerOf, type Reply } from '@headgate/sdk';
import type { Incoming } from '../exchange.js';
import { cleanHeaders } from '../header-text.js';
import type { IoThread } from '../io-thread.js';
import { isReply } from '../plan/check-return.js';
import type { PluginRoute } from '../plugin/host.js';
import { shapeFor } from './error-shape.js';

export function isPluginPath(path: string): boolean {
  return path.startsWith('/plugins/');
}

/** What plugins have registered at a path, by method. */
export function routesAt(io: IoThread, path: string): ReadonlyMap<string, PluginRoute> {
  const found = new Map<string, PluginRoute>();
  for (const route of io.runtime.routes)
    if (route.path === path && !found.has(route.method)) found.set(route.method, route);
  const get = found.get('GET');
  // The same without the body, which whoever sends the answer leaves out.
  if (get !== undefined && !found.has('HEAD')) found.set('HEAD', get);
  return found;
}

/** Serves a path that a plugin registered with `host.route`. */
export function servePluginRoute(io: IoThread, incoming: Incoming, route: PluginRoute): void {
  const { method, path, query, headers, body, sink } = incoming;
  body.then(() => {
    if (body.tooLarge) {
      const limit = String(io.runtime.config.server.bodyLimitBytes);
      shapeFor(io, path).refuse(sink, 'body_too_large', { limit });
      return;
    }
    const get = (name: string): string | undefined => headerOf(headers, name.toLowerCase());
    // The handler is called inside the promise, so that what it throws at once is caught like what it rejects with.
    new Promise<Reply>((resolve) => {
      resolve(route.handler({ method, path, query, headers: { get }, body: body.bytes }));
    })
      .then((reply) => write(io, incoming, reply))
      .catch((error) => {
        io.log.error('a plugin route failed', {
          path,
          error: error instanceof Error ? error.stack : String(error),
        });
        shapeFor(io, path).refuse(sink, 'internal');
      });
  });
}

function write(io: IoThread, { path, sink }: Incoming, reply: unknown): void {
  // Plugins may be written without types, and an answer that cannot be sent must not end the process.
  if (!isReply(reply) || reply.type === 'answer')
    throw new TypeError('a route may only return an error, or a raw reply with status, headers and body');
  if (reply.type === 'raw') sink.send(reply.status, cleanHeaders(reply.headers), reply.body);
  else shapeFor(io, path).tell(sink, reply.error, cleanHeaders(reply.headers ?? []));
}
