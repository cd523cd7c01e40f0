import uWS, { type TemplatedApp, type us_listen_socket } from 'uWebSockets.js';

/** Whether the native server runs; without it the package silently gives a slow one written in JavaScript. */
export const isNative =
  String(uWS.App).includes('[native code]') && String(uWS.SSLApp).includes('[native code]');

/** `close` has been there since 20.11; the package's types were not told. */
export interface App extends TemplatedApp {
  /** Closes the listeners and every connection. */
  close(): App;
}

export function createApp(tls: { cert: string; key: string } | null): App {
  return (tls === null ? uWS.App() : uWS.SSLApp({ cert_file_name: tls.cert, key_file_name: tls.key })) as App;
}

export type ListenSocket = us_listen_socket;
export const { us_socket_local_port: localPort, us_listen_socket_close: closeListener } = uWS;
export type {
  HttpRequest,
  HttpResponse,
  us_socket_context_t as SocketContext,
  WebSocket,
} from 'uWebSockets.js';
