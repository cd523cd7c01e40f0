import type { IoThread } from '../io-thread.js';
import { Opening } from '../realtime/opening.js';
import { copyHeaders } from './accept.js';
import { RequestBody } from './request-body.js';
import type { App, HttpRequest, HttpResponse, SocketContext } from './uws.js';
import { UwsSink } from './uws-sink.js';
import { type SocketData, UwsClientSocket } from './websocket-client.js';

/**
 * The server cuts a connection whose message is larger than this at its first bytes, without a word: such a message cannot
 * be read and refused. Up to this it is read, and refused with a close that says why.
 */
const HARD_LIMIT_TIMES = 2;

/** Seconds without a byte after which the server pings a client, and cuts it when it does not answer. */
const QUIET_SECONDS = 120;

const EMPTY = Buffer.alloc(0);
const GONE = 1006;

/** Serves WebSockets at the paths that have one. Everything else with an `Upgrade` header is answered as without. */
export function serveSockets(app: App, io: IoThread): void {
  app.ws<SocketData>('/*', {
    maxPayloadLength: io.runtime.config.realtime.messageLimitBytes * HARD_LIMIT_TIMES,
    // How much waits for a client is bound by not reading from the provider meanwhile; nothing is ever left out.
    maxBackpressure: 0,
    idleTimeout: QUIET_SECONDS,
    sendPingsAutomatically: true,
    upgrade: (res, req, context) => upgrade(io, res, req, context),
    open: (ws) => ws.getUserData().client.opened(ws),
    message: (ws, message, binary) => ws.getUserData().client.received(message, binary),
    ping: (ws, payload) => ws.getUserData().client.pinged(payload),
    drain: (ws) => ws.getUserData().client.drained(),
    close: (ws, code, reason) => ws.getUserData().client.closed(code, Buffer.from(Buffer.from(reason))),
  });
}

function upgrade(io: IoThread, res: HttpResponse, req: HttpRequest, context: SocketContext): void {
  const path = req.getUrl();
  const endpoint = io.socketEndpoints.at(path);
  if (endpoint === undefined) {
    req.setYield(true);
    return;
  }
  const key = req.getHeader('sec-websocket-key');
  const sink = new UwsSink(res);
  const client = new UwsClientSocket(res, sink, {
    upgrade: (self, protocol) => res.upgrade<SocketData>({ client: self }, key, protocol, '', context),
  });
  res.onAborted(() => {
    sink.gone = true;
    client.closed(GONE, EMPTY);
  });
  // A handshake has no body.
  const body = new RequestBody(0);
  body.set(EMPTY);
  const query = req.getQuery() ?? '';
  new Opening(
    io,
    endpoint,
    { method: 'GET', path, query, model: '', headers: copyHeaders(req), body, sink },
    client,
  ).start();
}
