import type { IoThread } from '../io-thread.js';
import { accept, copyHeaders } from './accept.js';
import { shapeFor } from './error-shape.js';
import { answerControl, answerLocally, answerWithoutBody } from './local-answer.js';
import { isModelsPath, serveModels } from './models.js';
import { isPluginPath, servePluginRoute } from './plugin-routes.js';
import {
  type App,
  closeListener,
  createApp,
  type HttpRequest,
  type HttpResponse,
  type ListenSocket,
  localPort,
} from './uws.js';

/** Paths that the main thread answers. */
const CONTROL = ['/api/', '/metrics'];

/** One I/O thread's HTTP server. */
export class HttpServer {
  private readonly app: App;
  private socket: ListenSocket | null = null;

  constructor(private readonly io: IoThread) {
    this.app = createApp(io.runtime.config.server.tls);
    for (const endpoint of io.endpoints.values()) {
      this.app.post(endpoint.path, (res, req) => accept(io, endpoint, res, req));
    }
    this.app.get('/health/live', (res, req) => answerLocally(res, req, 200, { status: 'live' }));
    this.app.any('/*', (res, req) => this.other(res, req));
  }

  /** Resolves with the port that is listened on. `exclusive`: refuse to share it with another listener. */
  listen(host: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.app.listen(host, port, (socket) => {
        if (!socket) {
          reject(new Error(`cannot listen on ${host}:${port}`));
          return;
        }
        this.socket = socket;
        resolve(localPort(socket));
      });
    });
  }

  /** Takes no new connections and closes the idle ones' listening socket; running requests go on. */
  stopListening(): void {
    if (this.socket !== null) closeListener(this.socket);
    this.socket = null;
  }

  /** Closes every connection. Must be called before the thread ends: uWebSockets.js aborts the process otherwise. */
  close(): void {
    this.socket = null;
    this.app.close();
  }

  private other(res: HttpResponse, req: HttpRequest): void {
    const path = req.getUrl();
    const method = req.getMethod().toUpperCase();
    const { io } = this;
    const endpoint = io.endpoints.get(path);
    if (method === 'OPTIONS') {
      answerWithoutBody(res, 204, ['allow', endpoint === undefined ? 'GET, HEAD, OPTIONS' : 'POST, OPTIONS']);
    } else if (endpoint !== undefined) {
      const details = { method, path, allow: 'POST' };
      shapeFor(io, path).refuse(res, 'method_not_allowed', details, ['allow', 'POST'], method === 'HEAD');
    } else if (isModelsPath(path)) {
      serveModels(io, res, req, method, path);
    } else if (isPluginPath(path)) {
      servePluginRoute(io, res, req, method, path);
    } else if (
      CONTROL.some((prefix) => path.startsWith(prefix)) ||
      path === '/health/ready' ||
      path === '/api'
    ) {
      answerControl(io, res, {
        method,
        path,
        query: req.getQuery() ?? '',
        headers: copyHeaders(req),
        body: new Uint8Array(),
      });
    } else if (path === '/health/live' && method === 'HEAD') {
      answerWithoutBody(res, 200, []);
    } else {
      shapeFor(io, path).refuse(
        res,
        'not_found',
        { method, path: path.slice(0, 200) },
        [],
        method === 'HEAD',
      );
    }
  }
}
