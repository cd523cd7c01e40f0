import type { Exchange } from '../exchange.js';
import type { IoThread } from '../io-thread.js';
import { accept, copyHeaders } from './accept.js';
import { BodilessSink } from './bodiless-sink.js';
import { withoutKey } from './key-in-query.js';
import { openBody } from './open-body.js';
import { forwardedPath, serveOther } from './other-paths.js';
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
import { UwsSource } from './uws-source.js';
import { serveSockets } from './websocket.js';

/** One I/O thread's HTTP server. */
export class HttpServer {
  private readonly app: App;
  private socket: ListenSocket | null = null;

  constructor(private readonly io: IoThread) {
    this.app = createApp(io.runtime.config.server.tls);
    for (const [path, endpoint] of io.endpoints.exact) {
      this.app.post(path, (res, req) => accept(io, { endpoint, model: '' }, res, req));
    }
    serveSockets(this.app, io);
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
    // One that a reload has added, or whose path names the model.
    const found = method === 'POST' ? io.endpoints.at(path) : undefined;
    if (found !== undefined) {
      accept(io, found, res, req);
      return;
    }
    const sink = new BodilessSink(res, method === 'HEAD');
    let x: Exchange | null = null;
    res.onAborted(() => {
      sink.gone = true;
      sink.onLeft?.();
      if (x !== null) io.abandoned(x);
    });
    const headers = copyHeaders(req);
    const query = withoutKey(path, req.getQuery() ?? '', headers);
    const forwarded = forwardedPath(io, method, path, headers);
    const body =
      forwarded === null
        ? new RequestBody(io.runtime.config.server.bodyLimitBytes)
        : openBody(io, forwarded, headers, new UwsSource(res, sink));
    res.onData((chunk, last) => body.push(chunk, last));
    const incoming = { method, path, query, model: '', headers, body, sink };
    x = forwarded === null ? serveOther(io, incoming) : io.forward(forwarded, incoming);
  }
}
