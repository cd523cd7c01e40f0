import type { HeaderList, Reply } from '@headgate/sdk';
import { headerOf } from '@headgate/sdk';
import { cleanHeaders } from '../header-text.js';
import type { IoThread } from '../io-thread.js';
import { copyHeaders } from './accept.js';
import { shapeFor } from './error-shape.js';
import { answer } from './local-answer.js';
import { RequestBody } from './request-body.js';
import type { HttpRequest, HttpResponse } from './uws.js';

export function isPluginPath(path: string): boolean {
  return path.startsWith('/plugins/');
}

/** Serves a path that a plugin registered with `host.route`. */
export function servePluginRoute(
  io: IoThread,
  res: HttpResponse,
  req: HttpRequest,
  method: string,
  path: string,
): void {
  const route = io.runtime.routes.find((one) => one.method === method && one.path === path);
  if (route === undefined) {
    shapeFor(io, path).refuse(res, 'not_found', { method, path: path.slice(0, 200) }, [], method === 'HEAD');
    return;
  }
  let gone = false;
  res.onAborted(() => {
    gone = true;
  });
  const headers: HeaderList = copyHeaders(req);
  const query = req.getQuery() ?? '';
  const limit = io.runtime.config.server.bodyLimitBytes;
  const body = new RequestBody(limit);
  res.onData((chunk, last) => body.push(chunk, last));
  body.then(() => {
    if (gone) return;
    if (body.tooLarge) {
      shapeFor(io, path).refuse(res, 'body_too_large', { limit: String(limit) }, [], false);
      return;
    }
    const get = (name: string): string | undefined => headerOf(headers, name.toLowerCase());
    // The handler is called inside the promise, so that what it throws at once is caught like what it rejects with.
    new Promise<Reply>((resolve) => {
      resolve(route.handler({ method, path, query, headers: { get }, body: body.bytes }));
    }).then(
      (reply) => {
        if (!gone) write(io, res, path, reply);
      },
      (error) => {
        io.log.error('a plugin route failed', {
          path,
          error: error instanceof Error ? error.stack : String(error),
        });
        if (!gone) shapeFor(io, path).refuse(res, 'internal', {}, [], false);
      },
    );
  });
}

function write(io: IoThread, res: HttpResponse, path: string, reply: Reply): void {
  if (reply.type === 'raw') {
    answer(
      res,
      reply.status,
      cleanHeaders(reply.headers),
      typeof reply.body === 'string' ? reply.body : Buffer.from(reply.body).toString(),
    );
  } else if (reply.type === 'error') {
    answer(
      res,
      reply.error.status,
      ['content-type', 'application/json'],
      JSON.stringify({ error: reply.error }),
    );
  } else {
    io.log.error('a plugin route replied with a model answer', { path });
    shapeFor(io, path).refuse(res, 'internal', {}, [], false);
  }
}
