import type { IoThread } from '../io-thread.js';
import { accept, copyHeaders } from './accept.js';
import { BodilessSink } from './bodiless-sink.js';
import { serveOther } from './other-paths.js';
import { RequestBody } from './request-body.js';
import {
  type App,
  closeListener,
  createApp,
  type HttpRequest,
  type HttpResponse,
  type ListenSocket,
  localPort,
} from './uws.js';

/** One I/O thread's HTTP server. */
export class HttpServer {
  private readonly app: App;
  private socket: ListenSocket | null = null;

  constructor(private readonly io: IoThread) {
    this.app = createApp(io.runtime.config.server.tls);
    for (const endpoint of io.endpoints.values()) {
      this.app.post(endpoint.path, (res, req) => accept(io, endpoint, res, req));
    }
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
    const { io } = this;
    const path = req.getUrl();
    const method = req.getMethod().toUpperCase();
    const endpoint = io.endpoints.get(path);
    // A reload may have added it.
    if (method === 'POST' && endpoint !== undefined) {
      accept(io, endpoint, res, req);
      return;
    }
    const sink = new BodilessSink(res, method === 'HEAD');
    res.onAborted(() => {
      sink.gone = true;
    });
    const body = new RequestBody(io.runtime.config.server.bodyLimitBytes);
    res.onData((chunk, last) => body.push(chunk, last));
    serveOther(io, {
      method,
      path,
      query: req.getQuery() ?? '',
      headers: copyHeaders(req),
      body,
      sink,
    });
  }
}
